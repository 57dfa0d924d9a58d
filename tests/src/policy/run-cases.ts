// Runs in the guest: every case, or those with one of the arguments in their name, one after the other, and writes what
// became of them as JSON to standard output.
import { spawn, spawnSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { abiBpf1 } from '@camflow/api';
import {
  actionBits,
  askFile,
  Channel,
  changeFileFlags,
  listFileFlags,
  loadFileFlags,
  markBits,
  openCapture,
  openControl,
  relationCounts,
  type SwitchName,
  saveFileFlags,
  sieveCounts,
} from '@camflow/kernel';
import { GraphReader } from '../capture/captured-graph.ts';
import { faultsOf } from '../capture/graph-faults.ts';
import { versionsNamed } from '../capture/origins.ts';
import { localAddresses6, profile } from './case-words.ts';
import { cases } from './cases.ts';
import { describeGraph } from './describe-graph.ts';
import { loadProfile } from './load-profile.ts';
import { figuresOf, type ModeCase, modeCases, modeRuns, sayForModes } from './mode-cases.ts';
import type {
  FlowRun,
  ModeOutcome,
  PolicyCase,
  PolicyMachine,
  PolicyOutcome,
  SieveRest,
} from './policy-case.ts';

const program = '/root/bin/flows';
const sender = '/root/bin/sender';
const work = '/root/work';
const cgroups = '/sys/fs/cgroup';
const savedFlags = '/root/flags';

const { main } = Channel;
const capture = openCapture({ ringBytes: 1 << 24 });
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

/** Shells become the program, once they are where it is to begin; or outlive it. */
function commandOf(
  { words, inCgroup, underProfile, byShell }: FlowRun,
  file: string,
): [file: string, words: string[]] {
  const run = `${file} "$@"`;
  const by = (shell: string, script: string): [string, string[]] => [shell, ['-c', script, 'sh', ...words]];
  if (inCgroup) return by('sh', `echo $$ > ${cgroups}/${inCgroup}/cgroup.procs && exec ${run}`);
  if (underProfile)
    return by('sh', `printf 'exec ${underProfile}' > /proc/$$/attr/apparmor/exec && exec ${run}`);
  const own = 'read -r line < other && echo "$line" > own';
  if (byShell) return by(byShell, `${run} && ${own} && exec ${file} copy out final`);
  return [file, [...words]];
}

function dropCaches(): void {
  spawnSync('sync');
  writeFileSync('/proc/sys/vm/drop_caches', '3');
}

async function runFlow(run: FlowRun, cwd: string, file = program): Promise<string> {
  const options = {
    cwd,
    ...(run.uid === undefined ? {} : { uid: run.uid }),
    ...(run.gid === undefined ? {} : { gid: run.gid }),
  };
  if (run.afterDropCaches) dropCaches();
  const [command, words] = commandOf(run, file);
  if (['wait', 'mapped'].includes(run.words[0]!)) return runWaiting(run, options);
  const { status, signal, stderr, stdout } = spawnSync(command, words, {
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
    if (said.by === 'path') askFile(main, file, { set: said.flags });
    else changeFileFlags(main, askFile(main, file).key, { set: said.flags });
  }
  if (ofNamespace !== undefined) {
    const selector = { kind: 'cgroup', path: `/proc/${child.pid}/ns/cgroup` } as const;
    control.rules.add({ selector, bits: actionBits[ofNamespace] });
  }
  if (signalled) await runFlow({ words: ['signal', String(child.pid)] }, '/', sender);
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
  const graph = reader.graph();
  for (const name of asks.filter((each) => existsSync(`${folder}/${each}`))) {
    const { marks, taint } = control.files.read(`${folder}/${name}`);
    const words = Object.entries(marks).flatMap(([mark, on]) => (on ? [mark] : []));
    said.push([name, 'is', ...words, `0x${taint.toString(16)}`].join(' '));
    const objects = new Set(versionsNamed(graph, 'file', `${folder}/${name}`).map(({ object }) => object));
    if (objects.size > 1) said.push(`${name} was ${objects.size} objects`);
  }
  return [...describeGraph(graph), ...said.filter((line) => line !== '')];
}

function machineOf(folder: string): PolicyMachine {
  return {
    control,
    folder,
    cgroup: statSync(`${cgroups}/policy`, { bigint: true }).ino,
    innerCgroup: statSync(`${cgroups}/policy/inner`, { bigint: true }).ino,
    paint: (name) => {
      spawnSync(program, ['paint', name], { cwd: folder, stdio: 'inherit' });
    },
    makeContext: () => {
      spawnSync('mount', ['-t', 'securityfs', 'securityfs', '/sys/kernel/security']);
      mkdirSync('/sys/kernel/security/apparmor/policy/namespaces/flows');
    },
    reloadFileFlags: () => {
      saveFileFlags(main, savedFlags);
      const { tracked, opaque, propagate } = markBits;
      for (const { key } of listFileFlags(main))
        changeFileFlags(main, key, { clear: tracked | opaque | propagate });
      loadFileFlags(main, savedFlags);
    },
  };
}

/** Takes back what was said, but for what processes and files got by it. */
function reset(): void {
  control.filters.reset();
  const { rules } = control.policy.read();
  for (const { selector } of rules) control.rules.remove(selector);
  const { tracked, opaque, propagate } = markBits;
  for (const { key } of listFileFlags(main))
    changeFileFlags(main, key, { clear: tracked | opaque | propagate });
  control.switches.set('all', false);
}

/** Objects keep what they were in a mode: none of this is for the whole, and nothing comes after it. */
async function runMode({ switches, cycles = false }: ModeCase): Promise<ModeOutcome> {
  const chosen = Object.entries(switches) as [SwitchName, boolean][];
  const folder = makeFolder();
  const reader = new GraphReader();
  await sleep(500);
  drain();
  try {
    sayForModes(machineOf(folder));
    for (const [name, on] of chosen) control.switches.set(name, on);
    capture.changeEpoch();
    for (const run of modeRuns) await runFlow(run, folder);
    drain(reader);
  } finally {
    for (const [name, on] of chosen) control.switches.set(name, !on);
    reset();
  }
  const graph = reader.graph();
  return { lines: describeGraph(graph), faults: faultsOf(graph, { cycles }), figures: figuresOf(graph) };
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
copyFileSync(program, sender);
mkdirSync(work);
mkdirSync(`${cgroups}/policy/inner`, { recursive: true });
spawnSync('ip', ['link', 'set', 'lo', 'up']);
for (const address of localAddresses6) {
  const added = spawnSync('ip', ['-6', 'address', 'add', `${address}/128`, 'dev', 'lo', 'nodad']);
  if (added.status !== 0) throw new Error(`${address} cannot be had: ${added.stderr}`);
}
loadProfile(profile);

/** What becomes of each, by its name; an error is of that one only. */
async function runEach<Case extends { readonly name: string }, Outcome>(
  all: readonly Case[],
  run: (each: Case) => Promise<Outcome>,
): Promise<Record<string, Outcome | { error: string }>> {
  const [, , ...parts] = process.argv;
  const outcomes: Record<string, Outcome | { error: string }> = {};
  for (const each of all.filter(
    ({ name }) => parts.length === 0 || parts.some((part) => name.includes(part)),
  )) {
    try {
      outcomes[each.name] = await run(each);
    } catch (error) {
      outcomes[each.name] = { error: String(error) };
    }
  }
  return outcomes;
}

/** Relations that were looked at, and not recorded, of a process with which nothing tracked has to do. */
async function offeredOfIdle(): Promise<string[]> {
  const before = relationCounts(main);
  await runFlow({ words: ['idle', 'out'] }, makeFolder());
  const after = [...relationCounts(main)].filter(
    ([name, { offered }]) => offered > (before.get(name)?.offered ?? 0),
  );
  return after.map(([name]) => name).sort();
}

/** What the sieve holds, and the files of which anything is said: all that is left of the cases before. */
async function countSieve(): Promise<SieveRest> {
  // Memory of processes ends a little after them.
  await sleep(2000);
  return { ...sieveCounts(main), files: listFileFlags(main).length };
}

capture.enable({ all: false, argumentLimit: 131_072 });
const idle = await offeredOfIdle();
let sieve: SieveRest | undefined;
const outcomes = await runEach(cases, async (each) => {
  // After that everything stays tracked.
  if (each.name.startsWith('security context')) sieve ??= await countSieve();
  return runCase(each);
});

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
drain(whole);
const faults = faultsOf(whole.graph());
const modes = await runEach(modeCases, runMode);
capture.disable();
control.close();
capture.close();
process.stdout.write(`${JSON.stringify({ modes, outcomes, faults, truncated, idle, sieve })}\n`);
