import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GuestKernel, runInGuest } from '@camflow/guest';
import { type RecordedGraph, readGraph } from './recorded-graph.ts';
import { whyNoCapture } from './why-no-capture.ts';

const kernelFolder = fileURLToPath(new URL('../../../kernel/', import.meta.url));
const objects = `${kernelFolder}dist/bpf/`;

/** Why there is no recording on this kernel; undefined where there is. */
export function whyNoRecording(kernel: GuestKernel): string | undefined {
  const reason = whyNoCapture(kernel);
  if (reason !== undefined) return reason;
  // What is missing then has to fail, not skip.
  if (process.env['CAMFLOW_TEST_SYSTEM'] === '1') return undefined;
  if (spawnSync('gcc', ['--version']).error || !existsSync('/usr/include/bpf/libbpf.h')) {
    return 'gcc or libbpf-dev is missing';
  }
  return existsSync(`${objects}camflow-fexit.bpf.o`)
    ? undefined
    : 'the BPF programs are not built: run pnpm build';
}

/** A command to record. */
export interface Workload {
  readonly command: readonly string[];
  /** Default `tracked`: only the command and what descends from it. */
  readonly mode?: 'all' | 'tracked';
  /** Of the ring of each CPU. Default 16 MiB. */
  readonly ringBytes?: number;
  /** Whether the rings are read only when the command has ended. Default false. */
  readonly undrained?: boolean;
}

/** What became of one type of relation. */
export interface RelationCount {
  readonly offered: number;
  readonly written: number;
  readonly compressed: number;
  readonly filtered: number;
  readonly unselected: number;
  readonly lost: number;
}

/** What was recorded of a workload. */
export interface Recording {
  readonly graph: RecordedGraph;
  readonly status: number;
  /** Sequence numbers taken, and records that found no room. */
  readonly taken: number;
  readonly ringFull: number;
  readonly stateFailures: number;
  /** By class and bit. */
  readonly relations: ReadonlyMap<string, RelationCount>;
  /** Instructions that the verifier looked at, by program. */
  readonly programs: ReadonlyMap<string, number>;
  readonly complaints: string;
}

/** The machine that is recorded. */
export interface RecordedMachine {
  readonly kernel: GuestKernel;
  /** Whether `bpf` is an active security module there; if not, the programs that stand in are used. */
  readonly bpfLsm: boolean;
}

/** Records workloads one after the other in one guest, in a folder of their own that `prepare`, a script, sets up. */
export async function recordInGuest<Name extends string>(
  { kernel, bpfLsm }: RecordedMachine,
  prepare: string,
  workloads: Readonly<Record<Name, Workload>>,
): Promise<Record<Name, Recording>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-bpf-'));
  try {
    const recorder = path.join(folder, 'record');
    execFileSync('gcc', [
      ...['-O1', '-Wall', '-Wextra', '-Werror', '-static', '-o', recorder],
      ...[`${kernelFolder}bpf/test/record.c`, '-lbpf', '-lelf', '-lz'],
    ]);
    const script = path.join(folder, 'script');
    const names = Object.keys(workloads) as Name[];
    writeFileSync(script, [prepare, ...names.map((name) => line(name, workloads[name]))].join('\n'));
    const result = await runInGuest({
      kernel,
      bpfLsm,
      command: ['sh', '-c', 'mkdir /root/work && cd /root/work && . /root/script'],
      put: [
        { host: recorder, guest: '/root/record' },
        { host: `${objects}${bpfLsm ? 'camflow' : 'camflow-fexit'}.bpf.o`, guest: '/root/camflow.bpf.o' },
        { host: script, guest: '/root/script' },
      ],
      fetch: names.flatMap((name) =>
        ['frames', 'report', 'errors', 'status'].map((part) => `/root/${name}.${part}`),
      ),
      timeoutMs: 300_000,
    });
    const read = (name: string, part: string): Buffer =>
      result.files.get(`/root/${name}.${part}`) ?? Buffer.from(`nothing came back: ${result.stderr}`);
    return Object.fromEntries(
      names.map((name) => [name, recording((part) => read(name, part))]),
    ) as unknown as Record<Name, Recording>;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function line(name: string, workload: Workload): string {
  const { command, mode = 'tracked', ringBytes = 1 << 24, undrained = false } = workload;
  const words = [
    '/root/record',
    '/root/camflow.bpf.o',
    `/root/${name}.frames`,
    String(ringBytes),
    mode,
    ...command,
  ];
  const quoted = words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  const output = `> /root/${name}.report 2> /root/${name}.errors`;
  return `${undrained ? 'CAMFLOW_UNDRAINED=1 ' : ''}${quoted} ${output}; echo $? > /root/${name}.status`;
}

function recording(read: (part: string) => Buffer): Recording {
  const counters = new Map<string, number>();
  const relations = new Map<string, RelationCount>();
  const programs = new Map<string, number>();
  for (const text of read('report').toString().split('\n')) {
    const [word = '', name = '', ...rest] = text.split(' ');
    const [offered = 0, written = 0, compressed = 0, filtered = 0, unselected = 0, lost = 0] =
      rest.map(Number);
    if (word === 'program') programs.set(name, offered);
    else if (word === 'relation')
      relations.set(name, { offered, written, compressed, filtered, unselected, lost });
    else counters.set(word, Number(name));
  }
  return {
    graph: readGraph(read('frames')),
    status: Number(read('status').toString()),
    taken: counters.get('taken') ?? 0,
    ringFull: counters.get('ring_full') ?? 0,
    stateFailures: counters.get('state_failures') ?? 0,
    relations,
    programs,
    complaints: read('errors').toString(),
  };
}
