// Runs in the guest: every case, one after the other, and writes what became of them as JSON to standard output.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { abiBpf1 } from '@camflow/api';
import {
  actionBits,
  askFile,
  changeFileFlags,
  listFileFlags,
  loadFileFlags,
  markBits,
  openCapture,
  openControl,
  relationCounts,
  saveFileFlags,
  sieveCounts,
} from '@camflow/kernel';
import { GraphReader } from '../capture/captured-graph.ts';
import { faultsOf } from '../capture/graph-faults.ts';
import { cases } from './cases.ts';
import { describeGraph } from './describe-graph.ts';
import type { FlowRun, PolicyCase, PolicyMachine, PolicyOutcome, SieveRest } from './policy-case.ts';

const program = '/root/bin/flows';
const work = '/root/work';
const cgroup = '/sys/fs/cgroup/policy';
const savedFlags = '/root/flags';

const capture = openCapture(1 << 24);
const control = openControl();
const whole = new GraphReader();
const slab = new Uint8Array(8 << 20);

/** Everything that was recorded until now goes to these readers. */
function drain(...readers: readonly GraphReader[]): void {
  for (const ring of capture.rings) {
    const until = ring.end;
    while (ring.position < until) {
      const { byteLength, records, end } = ring.read(slab, until);
      if (records > 0) {
        const frame = {
          abi: abiBpf1.id,
          stream: { cpu: ring.cpu, kind: 'mixed' as const },
          payload: slab.slice(0, byteLength),
        };
        for (const reader of readers) reader.add(frame as Parameters<GraphReader['add']>[0]);
      }
      ring.release(end);
    }
  }
}

async function runFlow(run: FlowRun, cwd: string): Promise<string> {
  const options = {
    cwd,
    ...(run.uid === undefined ? {} : { uid: run.uid }),
    ...(run.gid === undefined ? {} : { gid: run.gid }),
  };
  const [file, words] = run.inCgroup
    ? ['sh', ['-c', `echo $$ > ${cgroup}/cgroup.procs && exec ${program} "$@"`, 'sh', ...run.words]]
    : [program, [...run.words]];
  if (['wait', 'mapped'].includes(run.words[0]!)) return runWaiting(run, options);
  const { status, signal, stderr, stdout } = spawnSync(file, words, {
    ...options,
    encoding: 'utf8',
    timeout: 60_000,
  });
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status ?? signal}: ${stderr}`);
  return stdout;
}

async function runWaiting(run: FlowRun, options: { readonly cwd: string }): Promise<string> {
  const { words, mark, said, signalled, ofNamespace } = run;
  const [file, before] = ofNamespace === undefined ? [program, []] : ['unshare', ['--cgroup', program]];
  const child = spawn(file, [...before, ...words], { ...options, stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = new Promise<number | null>((resolve) => child.on('exit', resolve));
  await new Promise((resolve) => child.stdout!.once('data', resolve));
  control.processes.mark(child.pid!, mark ?? {});
  if (said !== undefined) {
    const file = `${options.cwd}/in`;
    if (said.by === 'path') askFile(file, { set: said.flags });
    else changeFileFlags(askFile(file).key, { set: said.flags });
  }
  if (signalled) spawnSync('sh', ['-c', `kill -CONT ${child.pid}`]);
  if (ofNamespace !== undefined) {
    const selector = { kind: 'cgroup', path: `/proc/${child.pid}/ns/cgroup` } as const;
    control.rules.add({ selector, bits: actionBits[ofNamespace] });
  }
  child.stdin!.end('\n');
  const status = await ended;
  if (status !== 0) throw new Error(`${words.join(' ')} ended with ${status}`);
  return '';
}

let folders = 0;

function makeFolder(): string {
  const folder = `${work}/${++folders}`;
  mkdirSync(folder);
  chmodSync(folder, 0o777);
  for (const name of ['in', 'other']) {
    writeFileSync(`${folder}/${name}`, `${name}\n`);
    chmodSync(`${folder}/${name}`, 0o666);
  }
  return folder;
}

async function recordRuns(
  runs: readonly FlowRun[],
  folder: string,
  asks: readonly string[],
): Promise<string[]> {
  drain(whole);
  capture.changeEpoch();
  const reader = new GraphReader();
  const said: string[] = [];
  for (const run of runs) said.push((await runFlow(run, folder)).trim());
  drain(whole, reader);
  for (const name of asks.filter((each) => existsSync(`${folder}/${each}`))) {
    const { marks, taint } = control.files.read(`${folder}/${name}`);
    const words = Object.entries(marks).flatMap(([mark, on]) => (on ? [mark] : []));
    said.push([name, 'is', ...words, `0x${taint.toString(16)}`].join(' '));
  }
  return [...describeGraph(reader.graph()), ...said.filter((line) => line !== '')];
}

function machineOf(folder: string): PolicyMachine {
  return {
    control,
    folder,
    cgroup: statSync(cgroup, { bigint: true }).ino,
    dropCaches: () => {
      spawnSync('sync');
      writeFileSync('/proc/sys/vm/drop_caches', '3');
    },
    reloadFileFlags: () => {
      saveFileFlags(savedFlags);
      const { tracked, opaque, propagate } = markBits;
      for (const { key } of listFileFlags()) changeFileFlags(key, { clear: tracked | opaque | propagate });
      loadFileFlags(savedFlags);
    },
  };
}

/** Takes back what was said, but for what processes and files got by it. */
function reset(): void {
  control.filters.reset();
  const { rules } = control.policy.read();
  for (const { selector } of rules) control.rules.remove(selector);
  const { tracked, opaque, propagate } = markBits;
  for (const { key } of listFileFlags()) changeFileFlags(key, { clear: tracked | opaque | propagate });
  control.switches.set('all', false);
}

async function runCase({
  all = false,
  say,
  matching,
  others,
  asks = [],
}: PolicyCase): Promise<PolicyOutcome> {
  try {
    const [folder, otherFolder] = [makeFolder(), makeFolder()];
    control.switches.set('all', all);
    say(machineOf(folder));
    // Neither comes first always: what one leaves behind must not matter to the other.
    const unmatched = await recordRuns(others, otherFolder, []);
    return { matching: await recordRuns(matching, folder, asks), others: unmatched };
  } finally {
    reset();
  }
}

for (const folder of ['/root', '/root/bin']) chmodSync(folder, 0o755);
mkdirSync(work);
mkdirSync(cgroup);
spawnSync('ip', ['link', 'set', 'lo', 'up']);

/** Relations that were looked at, and not recorded, of a process with which nothing tracked has to do. */
async function offeredOfIdle(): Promise<string[]> {
  const before = relationCounts();
  await runFlow({ words: ['idle', 'out'] }, makeFolder());
  const after = [...relationCounts()].filter(
    ([name, { offered }]) => offered > (before.get(name)?.offered ?? 0),
  );
  return after.map(([name]) => name).sort();
}

/** What the sieve holds, and the files of which anything is said: all that is left of the cases before. */
async function countSieve(): Promise<SieveRest> {
  // Memory of processes ends a little after them.
  await sleep(2000);
  return { ...sieveCounts(), files: listFileFlags().length };
}

capture.enable({ all: false, argumentLimit: 131_072 });
const idle = await offeredOfIdle();
let sieve: SieveRest | undefined;
const outcomes: Record<string, PolicyOutcome | { error: string }> = {};
for (const each of cases) {
  // After that everything stays tracked.
  if (each.name.startsWith('security context')) sieve ??= await countSieve();
  try {
    outcomes[each.name] = await runCase(each);
  } catch (error) {
    outcomes[each.name] = { error: String(error) };
  }
}

/** Runs a program with five texts that are longer than what is kept, and five that are not. */
function countTruncated(): number {
  const selector = { kind: 'user', id: 4321 } as const;
  control.rules.add({ selector, bits: actionBits.track });
  capture.enable({ all: false, argumentLimit: 64 });
  const before = capture.counts().truncated;
  const words = Array.from({ length: 10 }, (_, index) => 'x'.repeat(index < 5 ? 64 : 65));
  spawnSync(program, words, { uid: selector.id, env: {} });
  control.rules.remove(selector);
  return capture.counts().truncated - before;
}

const truncated = countTruncated();
await sleep(500);
capture.disable();
drain(whole);
const faults = faultsOf(whole.graph());
control.close();
capture.close();
process.stdout.write(`${JSON.stringify({ outcomes, faults, truncated, idle, sieve })}\n`);
