import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { type GuestKernel, type PutFile, runInGuest } from '@camflow/guest';
import type { CaptureCounts, ProgramFigures, RelationCount } from '@camflow/kernel';
import { type CapturedGraph, readCapture } from './captured-graph.ts';

export { whyNoCapture } from './why-no-capture.ts';

/** What is recorded in one call of `camflow record`. */
export interface Workload {
  /** The words behind `--`; none to record the whole system, which takes `options`. */
  readonly command: readonly string[];
  /** More options of `camflow record`. */
  readonly options?: readonly string[];
  /** Lines of shell before and after, not recorded by this call. */
  readonly before?: string;
  readonly after?: string;
  /** Whether to keep what the programs counted: costs a start of node in the guest, twice. Default false. */
  readonly counts?: boolean;
}

/** What the programs counted since they were loaded, as `print-counts.ts` prints it; empty where none are. */
export interface Counts {
  readonly totals: Partial<CaptureCounts>;
  readonly relations: Readonly<Record<string, RelationCount>>;
  readonly programs: readonly ProgramFigures[];
}

/** What was recorded of a workload. */
export interface Recording {
  readonly graph: CapturedGraph;
  readonly status: number;
  readonly complaints: string;
  /** What the programs counted before and after, where it was asked for. */
  readonly counts: { readonly before: Counts; readonly after: Counts } | undefined;
}

/** The machine that is recorded. */
export interface CapturedMachine {
  readonly kernel: GuestKernel;
  /** Whether `bpf` is an active security module there. Default true. */
  readonly bpfLsm?: boolean;
  /** Default 2. */
  readonly cpus?: number;
}

/** What came back from a guest. */
export interface CapturedRun<Name extends string> {
  readonly recordings: Readonly<Record<Name, Recording>>;
  /** Files of `fetch`, by their path. */
  readonly files: ReadonlyMap<string, Buffer>;
  readonly kernelLog: string;
}

/** Builds a program of `tests/fixtures/workloads`, linked for good: the guest has no compiler. */
export function buildWorkload(name: string, folder: string): PutFile {
  const source = fileURLToPath(new URL(`../../fixtures/workloads/${name}.c`, import.meta.url));
  const host = path.join(folder, name);
  execFileSync('gcc', [...['-O1', '-Wall', '-Wextra', '-Werror', '-static', '-pthread', '-o', host], source]);
  return { host, guest: `/root/bin/${name}` };
}

/**
 * Records workloads one after the other in one guest by `camflow record --format raw`.
 * @param prepare - shell, run first in the folder that the workloads run in, `/root/work`
 * @param programs - programs of `tests/fixtures/workloads`, found in the guest's `/root/bin`
 * @param put - more files to bring in
 * @param fetch - more files to bring back
 */
export async function captureInGuest<Name extends string>(
  { kernel, bpfLsm = true, cpus = 2 }: CapturedMachine,
  prepare: string,
  workloads: Readonly<Record<Name, Workload>>,
  {
    programs = [],
    put = [],
    fetch = [],
  }: {
    readonly programs?: readonly string[];
    readonly put?: readonly PutFile[];
    readonly fetch?: readonly string[];
  } = {},
): Promise<CapturedRun<Name>> {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-capture-'));
  try {
    const names = Object.keys(workloads) as Name[];
    const script = path.join(folder, 'script');
    const lines = ['mkdir /root/work /root/out', 'cd /root/work', prepare];
    writeFileSync(script, [...lines, ...names.flatMap((name) => linesOf(name, workloads[name]))].join('\n'));
    const parts = names.flatMap((name) =>
      ['capture', 'errors', 'status', 'before', 'after'].map((part) => `/root/out/${name}.${part}`),
    );
    const result = await runInGuest({
      kernel,
      bpfLsm,
      cpus,
      command: ['bash', '/root/script'],
      put: [
        ...put,
        ...programs.map((name) => buildWorkload(name, folder)),
        { host: script, guest: '/root/script' },
      ],
      fetch: [...parts, ...fetch],
      timeoutMs: 1_190_000,
    });
    const recordings: [Name, Recording][] = [];
    for (const name of names) {
      const part = (suffix: string): Buffer | undefined => result.files.get(`/root/out/${name}.${suffix}`);
      const capture = part('capture');
      const complaints = part('errors')?.toString() ?? '';
      if (capture === undefined) {
        throw new Error(`nothing was recorded of ${name}: ${complaints}${result.stderr}${result.stdout}`);
      }
      const [before, after] = [part('before'), part('after')];
      const counts = before &&
        after && { before: JSON.parse(before.toString()), after: JSON.parse(after.toString()) };
      const status = Number(part('status')?.toString());
      recordings.push([name, { graph: await readCapture(capture), status, complaints, counts }]);
    }
    return {
      recordings: Object.fromEntries(recordings) as unknown as Record<Name, Recording>,
      files: result.files,
      kernelLog: result.kernelLog,
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

function linesOf(name: string, workload: Workload): string[] {
  const { command, options = [], before, after, counts = false } = workload;
  const out = `/root/out/${name}`;
  const words = ['camflow', 'record', '--quiet', '--format', 'raw', '--output', `${out}.capture`, ...options];
  if (command.length > 0) words.push('--', ...command);
  const count = (when: string): string[] =>
    counts ? [`node /camflow/tests/dist/capture/print-counts.js > ${out}.${when}`] : [];
  return [
    ...(before === undefined ? [] : [before]),
    ...count('before'),
    `${words.map(quoted).join(' ')} 2> ${out}.errors; echo $? > ${out}.status`,
    ...count('after'),
    ...(after === undefined ? [] : [after]),
  ];
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}
