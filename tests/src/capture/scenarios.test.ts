import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { GuestKernel } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { outsideTables } from '../docs/relation-ends.ts';
import { type CapturedMachine, type CapturedRun, captureInGuest, type Workload } from './capture-in-guest.ts';
import type { CapturedGraph, CapturedNode } from './captured-graph.ts';
import { faultsOf } from './graph-faults.ts';
import { accountOf, originsOf, versionsNamed } from './origins.ts';
import { expectedOrigins, preparation } from './scenarios.ts';
import { whyNoCapture } from './why-no-capture.ts';

/** In the words of the issue: a copy of what a pipeline made of a file. */
const pipeline = ['sh', '-c', 'cat in | tr a b > out; cp out copy; rm out'];

const workloads = {
  pipeline: { command: ['env', '-C', 'pipeline', ...pipeline], counts: true },
  scenarios: { command: ['/root/bin/scenarios'] },
} satisfies Record<string, Workload>;

const prepare = `
export PYTHONDONTWRITEBYTECODE=1
mkdir pipeline; echo banana > pipeline/in
${preparation}`;

/**
 * What surrounds every program and is left out of the accounts: folders on the way, the environment, the machine,
 * terminals, the links of a merged /usr and the one by which a static program finds itself, what a dynamic program is
 * loaded with: loader, libraries, locale; and what an overlay notes of itself, which not every kernel does.
 */
function isSurrounding(line: string): boolean {
  return (
    /^(directory|envp|machine|char)\b/.test(line) ||
    /^link \/(bin|sbin|lib\d*|proc\/\d+\/exe)$/.test(line) ||
    /^file (\/usr\/lib\/|\/etc\/ld\.so\.|\/proc\/|\/sys\/)/.test(line) ||
    /^xattr (trusted\.overlay\.uuid|system\.posix_acl_\w+)$/.test(line)
  );
}

/** Everything but surroundings that a file, or any that had its name, comes from. */
function originsOfFile(graph: CapturedGraph, name: string): string[] {
  return accountOf(graph, originsOf(graph, versionsNamed(graph, 'file', name)), isSurrounding);
}

/** Names of the programs in the sources. */
function programNames(): Set<string> {
  const folder = fileURLToPath(new URL('../../../kernel/bpf/', import.meta.url));
  const sources = readdirSync(folder).filter((name) => name.endsWith('.bpf.c'));
  return new Set(
    sources.flatMap((name) =>
      [...readFileSync(`${folder}${name}`, 'utf8').matchAll(/^int (?:BPF_PROG\()?(cf_\w+)\(?/gm)].map(
        ([, program]) => hookOf(program!),
      ),
    ),
  );
}

/** From 6.2 on access lists go a way of their own; from 6.5 on pages do not any more. */
const ofOneKernel: Readonly<Partial<Record<GuestKernel, RegExp>>> = { '6.1': /_sendpage$/, '6.12': /_acl$/ };

function isFor(kernel: GuestKernel, program: string): boolean {
  return Object.entries(ofOneKernel).every(
    ([other, programs]) => other === kernel || !programs.test(program),
  );
}

/** What a program is for: where arguments or names differ between kernels, there is one for each form. */
function hookOf(program: string): string {
  return program.replace(/_\d$/, '').replace('_anon_', '_');
}

const machines: readonly CapturedMachine[] = [
  { kernel: '6.1' },
  { kernel: '6.12' },
  { kernel: '6.1', bpfLsm: false },
  { kernel: '6.12', bpfLsm: false },
];

describe.for(machines)('what is recorded on $kernel, bpf a security module: $bpfLsm', (machine) => {
  // Of every change it is asked whether the graph is right; where functions stand in, of a release.
  const takes = machine.bpfLsm === false ? 'long' : 'minutes';
  const reason = whyNoCapture(machine.kernel as GuestKernel, takes);
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let captured: CapturedRun<keyof typeof workloads>;
  beforeAll(async () => {
    if (reason !== undefined) return;
    captured = await captureInGuest(machine, prepare, workloads, {
      programs: ['scenarios'],
      fetch: ['in_namespaces', 'in_cgroup'].map((name) => `/root/work/${name}/facts`),
    });
  }, 1_200_000);

  const graphOf = (name: keyof typeof workloads): CapturedGraph => captured.recordings[name].graph;
  /** The records of the nodes of one type that wrote into a file, and of the memory that stands behind them. */
  const lastWriter = (scenario: string, type: 'task' | 'process_memory'): CapturedNode => {
    const graph = graphOf('scenarios');
    const written = versionsNamed(graph, 'file', `/root/work/${scenario}/out`);
    const write = graph.relations.findLast(
      ({ type: kind, to }) => kind === 'write' && written.some(({ key }) => key === to.key),
    )!;
    if (type === 'task') return graph.nodes.get(write.from.key)!;
    const read = graph.relations.findLast(
      ({ type: kind, to }) => kind === 'memory_read' && to.key === write.from.key,
    )!;
    return graph.nodes.get(read.from.key)!;
  };
  const factsOf = (scenario: string): string[] =>
    captured.files.get(`/root/work/${scenario}/facts`)!.toString().trim().split('\n');

  run.for(Object.keys(workloads) as (keyof typeof workloads)[])(
    `nothing is wrong with the graph of: %s${note}`,
    (name) => {
      const { graph, status, complaints } = captured.recordings[name];
      expect(status).toBe(0);
      // That functions stand in for the hooks is said, and nothing else.
      const lines = complaints.split('\n').filter((line) => line !== '');
      expect(lines).toEqual(
        machine.bpfLsm === false
          ? [expect.stringContaining('bpf is not among the active security modules')]
          : [],
      );
      expect(graph.relations.length).toBeGreaterThan(100);
      expect(faultsOf(graph)).toEqual([]);
      expect(outsideTables(graph.relations)).toEqual([]);
      expect(captured.kernelLog).not.toMatch(/WARNING:|BUG:/);
    },
  );

  run(
    `every program is loaded: the verifier has passed it, after a bounded number of instructions${note}`,
    () => {
      const { programs } = captured.recordings.pipeline.counts!.after;
      const expected = [...programNames()].filter((name) => isFor(machine.kernel, name));
      expect(programs.map(({ name }) => hookOf(name)).sort()).toEqual(expected.sort());
      for (const { name, verifiedInstructions } of programs) {
        expect(verifiedInstructions, name).toBeGreaterThan(1);
        expect(verifiedInstructions, name).toBeLessThan(50_000);
      }
    },
  );

  run(`a copy leads back through exactly the pipeline that made it${note}`, () => {
    expect(originsOfFile(graphOf('pipeline'), '/root/work/pipeline/copy')).toEqual([
      'argv -C',
      // Of env, and of the shell that it becomes.
      'argv -c \u00d72',
      'argv a',
      'argv b',
      'argv cat',
      `argv ${pipeline[2]} \u00d72`,
      'argv copy',
      'argv cp',
      'argv env',
      'argv in',
      'argv out',
      'argv pipeline',
      'argv sh \u00d72',
      'argv tr',
      'file /root/work/pipeline/copy',
      'file /root/work/pipeline/in',
      'file /root/work/pipeline/out',
      ...['cat', 'cp', 'dash', 'env', 'tr'].map((program) => `file /usr/bin/${program}`),
      'pipe',
      'process_memory /usr/bin/cat',
      'process_memory /usr/bin/cp',
      // The shell, and each of its children until that executes something else.
      'process_memory /usr/bin/dash \u00d74',
      'process_memory /usr/bin/env',
      'process_memory /usr/bin/tr',
      'task \u00d74',
    ]);
  });

  run.for(Object.keys(expectedOrigins))(
    `the origins are exactly the expected ones: %s${note}`,
    (scenario) => {
      const { file, origins, executes = false } = expectedOrigins[scenario]!;
      const short = (line: string): string =>
        line
          .replaceAll(`/root/work/${scenario}/`, '')
          .replace(/#\d+/, '#NUMBER')
          // 6.1 opens the file in the layer by the name in the overlay, later kernels by that from the layer's top.
          .replace(/ = merged\/(in|between)$/, ' = /$1');
      const base = [`argv /root/bin/scenarios${executes ? ' \u00d72' : ''}`, 'file /root/bin/scenarios'];
      const found = originsOfFile(graphOf('scenarios'), file ?? `/root/work/${scenario}/out`).map(short);
      expect(found.sort()).toEqual([...base, ...origins].sort());
    },
  );

  run.for([
    ['link', 'symbolic_link/symbolic', 'symlink'],
    ['file', 'hard_link/second', 'link'],
    ['file', 'rename_over_open/in', 'rename'],
    ['pipe', 'through_fifo/fifo', 'inode_create'],
    ['socket', 'unix_stream/socket', 'inode_create'],
    ['directory', 'in_new_root/root/old', 'inode_create'],
    ['file', 'unlinked_open/in', 'unlink'],
    ['file', 'in_overlay/merged/new', 'inode_create'],
    ['directory', 'in_overlay/merged/folder', 'inode_create'],
    ['link', 'in_overlay/merged/symbolic', 'symlink'],
    ['file', 'in_overlay/merged/second', 'link'],
  ] as const)(
    `what gets or loses a name is the object itself, by the name it has then: %s %s${note}`,
    (made) => {
      const [type, name, relation] = made;
      const graph = graphOf('scenarios');
      const objects = new Set(versionsNamed(graph, type, `/root/work/${name}`).map(({ object }) => object));
      const into = graph.relations.filter((each) => each.type === relation && objects.has(each.to.object));
      expect(into).toHaveLength(1);
      expect(into[0]!.from.type).toBe('task');
    },
  );

  run(`a task shows who it runs for, where it is and what it uses now${note}`, () => {
    const valuesOf = ({ fields }: CapturedNode, ...names: string[]): unknown[] =>
      names.map((name) => fields.get(name));
    expect(valuesOf(lastWriter('as_another_user', 'task'), 'uid', 'gid')).toEqual([6, 5]);
    expect(valuesOf(lastWriter('as_another_user', 'process_memory'), 'uid', 'gid')).toEqual([6, 5]);

    // AppArmor's, for what it does not confine.
    const [context] = valuesOf(lastWriter('threads', 'process_memory'), 'secid');
    expect(Number(context)).toBeGreaterThan(0);
    expect(valuesOf(lastWriter('threads', 'task'), 'secid')).toEqual([context]);

    // Its number became that of the thread it ended, which is the process's.
    const [vpid, size] = valuesOf(lastWriter('exec_from_thread', 'task'), 'vpid', 'vm');
    const [process] = valuesOf(lastWriter('exec_from_thread', 'process_memory'), 'tgid');
    expect(valuesOf(lastWriter('exec_from_thread', 'task'), 'pid')).toEqual([process]);
    expect(vpid).toBe(process);
    expect(Number(size)).toBeGreaterThan(0);

    const names = ['utsns', 'ipcns', 'mntns', 'netns', 'cgroupns'];
    const numbers = factsOf('in_namespaces').map((fact) => Number(/\[(\d+)\]/.exec(fact)![1]));
    expect(valuesOf(lastWriter('in_namespaces', 'task'), ...names)).toEqual(numbers);
    const before = valuesOf(lastWriter('threads', 'task'), ...names);
    expect(before.filter((number, i) => number === numbers[i])).toEqual([]);

    expect(lastWriter('in_cgroup', 'task').fields.get('disc')).toBe(BigInt(factsOf('in_cgroup')[0]!));

    const [vm, rss, highVm, highRss] = valuesOf(
      lastWriter('arguments', 'task'),
      'vm',
      'rss',
      'hw_vm',
      'hw_rss',
    );
    expect(Number(rss)).toBeGreaterThan(50);
    expect(Number(vm)).toBeGreaterThan(Number(rss));
    expect(Number(highVm)).toBeGreaterThanOrEqual(Number(vm));
    expect(Number(highRss)).toBeGreaterThanOrEqual(Number(rss));
  });
});
