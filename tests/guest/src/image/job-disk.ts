import { cp, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { GuestError } from '../guest-error.ts';
import { runTool } from '../tool.ts';
import { makeDisk } from './disk.ts';

/** Free space on the job disk: what a job may bring back. */
const spareMib = 1024;

/** A file or folder that goes into the guest. */
export interface PutFile {
  /** Path on the host. */
  readonly host: string;
  /** Absolute path in the guest; folders above it are made. */
  readonly guest: string;
}

/** The terminal that a shell in the guest talks to. */
export interface Terminal {
  readonly rows: number;
  readonly columns: number;
  /** What `TERM` says, such as `xterm-256color`. */
  readonly type: string;
}

/** What the disk carries; image/init says how it is laid out. */
export interface JobDisk {
  readonly command: readonly string[];
  readonly put: readonly PutFile[];
  readonly fetch: readonly string[];
  readonly terminal?: Terminal | undefined;
}

/** What came back. */
export interface JobOutcome {
  /** Exit status of the command; undefined where the guest ended before it did. */
  readonly status: number | undefined;
  /** The files that were there, by their path in the guest. */
  readonly files: ReadonlyMap<string, Buffer>;
}

/** Writes the disk that brings a job to the guest. */
export async function writeJobDisk(image: string, job: JobDisk): Promise<void> {
  const words = [...job.command, ...job.fetch, ...job.put.map(({ guest }) => guest)];
  if (words.some((word) => word.includes('\0'))) throw new GuestError('a word for the guest contains NUL');
  const tree = await mkdtemp(`${image}-`);
  const at = (name: string): string => path.join(tree, name);
  await mkdir(at('put'));
  for (const [index, { host }] of job.put.entries()) {
    await cp(host, at(`put/${index}`), { recursive: true, verbatimSymlinks: true }).catch((cause: Error) => {
      throw new GuestError(`${host} cannot be put into the guest: ${cause.message}`, { cause });
    });
  }
  await writeFile(at('command'), wordList(job.command));
  await writeFile(at('put-paths'), wordList(job.put.map(({ guest }) => guest)));
  await writeFile(at('fetch-paths'), wordList(job.fetch));
  if (job.terminal !== undefined) {
    const { rows, columns, type } = job.terminal;
    await writeFile(at('terminal'), `${rows} ${columns} ${type}\n`);
  }
  await makeDisk(tree, image, { label: 'camflow-job', spareMib });
  await rm(tree, { recursive: true });
}

/** Reads what the guest left on the disk. */
export async function readJobDisk(image: string, fetch: readonly string[]): Promise<JobOutcome> {
  const folder = await mkdtemp(`${image}-`);
  // Names of ours only, relative to the folder: debugfs has its own rules for quotes.
  const wanted = fetch.map((_, index) => `dump fetched/${index} ${index}\n`);
  await writeFile(path.join(folder, 'commands'), ['dump status status\n', ...wanted]);
  await runTool('debugfs', ['-f', 'commands', image], folder);
  const status = await readIfThere(path.join(folder, 'status'));
  const files = new Map<string, Buffer>();
  for (const [index, name] of fetch.entries()) {
    const content = await readIfThere(path.join(folder, String(index)));
    if (content !== undefined) files.set(name, content);
  }
  await rm(folder, { recursive: true });
  return { status: status === undefined ? undefined : Number(status.toString()), files };
}

function wordList(words: readonly string[]): string {
  return words.map((word) => `${word}\0`).join('');
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch(() => undefined);
}
