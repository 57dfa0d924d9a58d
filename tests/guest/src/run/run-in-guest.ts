import { mkdir, mkdtemp, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Writable } from 'node:stream';
import { prepareParts } from '../cache/parts.ts';
import { GuestError } from '../guest-error.ts';
import { makeDisk } from '../image/disk.ts';
import { type PutFile, readJobDisk, type Terminal, writeJobDisk } from '../image/job-disk.ts';
import { copyProject } from '../image/project.ts';
import type { GuestKernel } from '../kernels.ts';
import { lastLines, runTool } from '../tool.ts';
import { type Machine, type MachineStreams, runMachine } from './machine.ts';

/** A job for a guest that exists for this job only. */
export interface GuestJob {
  /** Program and arguments, run as root in `/camflow`, the project's folder, with no shell between. */
  readonly command: readonly string[];
  /** Default `6.1`. */
  readonly kernel?: GuestKernel;
  /** Files and folders to bring in before the command starts. */
  readonly put?: readonly PutFile[];
  /** Paths of files in the guest to bring back when the command has ended. */
  readonly fetch?: readonly string[];
  /** Milliseconds until the guest is killed, its boot included. Default 120,000. */
  readonly timeoutMs?: number;
  /** Default 1024. */
  readonly memoryMib?: number;
  /** Default 2. */
  readonly cpus?: number;
  /** Whether `bpf` is among the kernel's active security modules. Default true. */
  readonly bpfLsm?: boolean;
  /** Whether to use the host's hardware virtualisation, which must work for stock kernels. Default false. */
  readonly kvm?: boolean;
  /** Makes the command a shell on a terminal: it reads `streams.input`, and its errors join its output. */
  readonly terminal?: Terminal;
  /** File for what the guest's kernel says, while it says it; made anew. Default: kept in the result only. */
  readonly log?: string | undefined;
  /** Kills the guest when aborted. */
  readonly signal?: AbortSignal;
}

/** Where the guest has the modules of its kernel, each loaded by `insmod` where a job wants it. */
const guestModules = '/usr/lib/guest-modules';

/** What became of a job. */
export interface GuestResult {
  /** Exit status as a shell gives it: 128 + N after signal N. 124 where the time was up. */
  readonly status: number;
  /** Whether the guest was killed because its time was up; there are no files then. */
  readonly timedOut: boolean;
  /** The files of `fetch` that were there, by their path in the guest. */
  readonly files: ReadonlyMap<string, Buffer>;
  /** What the guest's kernel said. */
  readonly kernelLog: string;
  /** From call to result, in milliseconds. */
  readonly durationMs: number;
}

/** What became of a job whose output was kept. */
export interface CapturedResult extends GuestResult {
  /** Exactly what the command wrote to its standard output. */
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

/**
 * Boots a guest, runs one command in it and turns it off. Nothing of the guest survives but the result.
 * @throws GuestError where the guest cannot be made, or ends before the command does
 */
export async function runInGuest(job: GuestJob): Promise<CapturedResult> {
  const [stdout, stderr] = [new Collector(), new Collector()];
  const result = await runGuest(job, { stdout, stderr });
  return { ...result, stdout: stdout.bytes(), stderr: stderr.bytes() };
}

/** Does the same with the command's output going to streams, while it comes. */
export async function runGuest(job: GuestJob, streams: MachineStreams): Promise<GuestResult> {
  const started = performance.now();
  const parts = await prepareParts(job.kernel ?? '6.1');
  const folder = await mkdtemp(path.join(tmpdir(), 'camflow-guest-'));
  const timeout = AbortSignal.timeout(job.timeoutMs ?? 120_000);
  try {
    const disks = { projectDisk: path.join(folder, 'project.img'), jobDisk: path.join(folder, 'job.img') };
    const kernelLog = path.resolve(job.log ?? path.join(folder, 'kernel.log'));
    const { put = [], fetch = [], memoryMib = 1024, cpus = 2, bpfLsm = true, kvm = false } = job;
    await writeProjectDisk(disks.projectDisk, folder);
    await writeJobDisk(disks.jobDisk, {
      command: job.command,
      put: [{ host: parts.modules, guest: guestModules }, ...put],
      fetch,
      terminal: job.terminal,
    });
    const log = await boot(
      { parts, ...disks, kernelLog, memoryMib, cpus, bpfLsm, kvm },
      streams,
      AbortSignal.any([timeout, ...(job.signal ? [job.signal] : [])]),
    );
    const outcome = await readJobDisk(disks.jobDisk, fetch);
    const timedOut = outcome.status === undefined && timeout.aborted;
    const status = timedOut ? 124 : outcome.status;
    if (status === undefined) {
      job.signal?.throwIfAborted();
      throw new GuestError(`the guest ended before its job did; its last words:\n${lastWords(log)}`);
    }
    const durationMs = performance.now() - started;
    return { status, timedOut, files: outcome.files, kernelLog: log, durationMs };
  } finally {
    await runTool('rm', ['-rf', folder], tmpdir());
  }
}

/** What init says first. */
const initIsRunning = 'init is running';

/**
 * Runs the machine to its end. Emulated processors let a kernel panic now and then before it has started anything:
 * that is of no job's doing, so it is booted once more.
 * @returns what the kernel said, of both boots
 */
async function boot(machine: Machine, streams: MachineStreams, signal: AbortSignal): Promise<string> {
  const once = async (): Promise<string> => {
    await runMachine(machine, streams, signal);
    return readFile(machine.kernelLog, 'utf8').catch(() => '');
  };
  const log = await once();
  if (signal.aborted || log.includes(initIsRunning) || !log.includes('Kernel panic')) return log;
  console.warn(`a guest's kernel came to nothing and is booted again:\n${lastWords(log)}`);
  return log + (await once());
}

/** What our init said last, and whether the kernel gave up; not the registers it prints then. */
function lastWords(log: string): string {
  const telling = log
    .split('\n')
    .filter((line) => !line.startsWith('[') || /panic|BUG|Oops|RIP:|fault/.test(line));
  return lastLines(telling.join('\n'), 10);
}

async function writeProjectDisk(image: string, folder: string): Promise<void> {
  const tree = path.join(folder, 'project');
  await mkdir(tree);
  await copyProject(tree);
  await makeDisk(tree, image, { label: 'camflow-project', spareMib: 1024 });
}

class Collector extends Writable {
  readonly #chunks: Buffer[] = [];

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.#chunks.push(chunk);
    done();
  }

  bytes(): Buffer {
    return Buffer.concat(this.#chunks);
  }
}
