import { createReadStream, createWriteStream } from 'node:fs';
import { open, rename, stat, unlink } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { describeError, type Logger } from '@camflow/api';
import {
  chainSuffix,
  draftSuffix,
  draftsOf,
  gzipSuffix,
  type OldFile,
  oldFiles,
  type RotationRules,
  unlessMissing,
} from './rotation.ts';

/** How often old files are looked after where no rotation is the occasion, in milliseconds. */
const intervalMs = 3_600_000;
/** How long a stop waits for a file that is being compressed, in milliseconds; the next run compresses it. */
const patienceMs = 5000;

/** A log whose old files are looked after. */
export interface KeptLog {
  readonly path: string;
  readonly rotation: RotationRules;
}

/**
 * Looks after the old files of a log: removes those that are not to be kept, and compresses the rest, whoever left them.
 * Writing does not wait for it, and a failure is logged: it is tried again at the next occasion.
 */
export class Housekeeping {
  readonly #kept: KeptLog;
  readonly #log: Logger;
  readonly #mayRemove: (files: readonly OldFile[]) => Promise<boolean>;
  readonly #stop = new AbortController();
  #isStopping = false;
  #timer: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();
  #isDue = false;

  /** @param mayRemove - called before files are removed; false leaves them to the next occasion */
  constructor(kept: KeptLog, log: Logger, mayRemove: (files: readonly OldFile[]) => Promise<boolean>) {
    this.#kept = kept;
    this.#log = log;
    this.#mayRemove = mayRemove;
  }

  /** Tidies what an earlier run left, and from then on every hour. */
  begin(): void {
    this.tidy();
    this.#timer = setInterval(() => this.tidy(), intervalMs).unref();
  }

  /** Has the old files looked after soon. */
  tidy(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    this.#work = this.#work.then(async () => {
      this.#isDue = false;
      for (const chore of [this.#removeDrafts, this.#retire, this.#compress]) {
        if (this.#stop.signal.aborted) return;
        await chore.call(this).catch((error: unknown) => this.#complain(error));
      }
    });
  }

  /** Resolves when nothing is done any more. */
  async end(): Promise<void> {
    clearInterval(this.#timer);
    this.#isStopping = true;
    const impatience = setTimeout(() => this.#stop.abort(), patienceMs);
    await this.#work;
    clearTimeout(impatience);
  }

  /** A recorder that was killed has left what it was compressing; nothing is being compressed now. */
  async #removeDrafts(): Promise<void> {
    for (const draft of await draftsOf(this.#kept.path)) await unlink(draft).catch(unlessMissing);
  }

  async #retire(): Promise<void> {
    const { path: log, rotation } = this.#kept;
    const surplus = await surplusFiles(await oldFiles(log), rotation);
    if (surplus.length === 0 || !(await this.#mayRemove(surplus))) return;
    for (const file of surplus) await remove(file);
    this.#log.info('removed old logs', { path: log, removed: surplus.length });
  }

  async #compress(): Promise<void> {
    if (!this.#kept.rotation.compress) return;
    for (const file of await oldFiles(this.#kept.path)) {
      if (!file.isPlain) continue;
      await compressFile(file.path, this.#stop.signal).catch((error: unknown) => this.#complain(error));
      if (this.#isStopping) return;
    }
  }

  #complain(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    this.#log.error('old logs cannot be looked after', {
      path: this.#kept.path,
      error: describeError(error),
    });
  }
}

/** Old files that are not to be kept: the oldest of too many, and what is too old. */
async function surplusFiles(files: readonly OldFile[], rules: RotationRules): Promise<OldFile[]> {
  const surplus: OldFile[] = [];
  for (const [index, file] of files.entries()) {
    const isTooMany = rules.keep > 0 && files.length - index > rules.keep;
    if (isTooMany || (rules.keepMs > 0 && Date.now() - (await writtenMs(file)) > rules.keepMs))
      surplus.push(file);
  }
  return surplus;
}

async function writtenMs({ path: file, isPlain }: OldFile): Promise<number> {
  return (await stat(isPlain ? file : file + gzipSuffix)).mtimeMs;
}

/** Removes an old file, its chain first: a chain without its file would look as if somebody else had removed it. */
async function remove(file: OldFile): Promise<void> {
  for (const suffix of [chainSuffix, '', gzipSuffix]) await unlink(file.path + suffix).catch(unlessMissing);
}

/**
 * Compresses an old file, which keeps the time of its last change: it tells its age. Whoever reads the file has it open
 * under its old name until it is done; half-way there are both, and the compressed one is whole.
 */
async function compressFile(file: string, signal: AbortSignal): Promise<void> {
  const draft = file + gzipSuffix + draftSuffix;
  try {
    const { atime, mtime } = await stat(file);
    await pipeline(createReadStream(file), createGzip(), createWriteStream(draft, { mode: 0o640 }), {
      signal,
    });
    const handle = await open(draft, 'r+');
    try {
      await handle.utimes(atime, mtime);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(draft, file + gzipSuffix);
    await unlink(file);
  } catch (error) {
    await unlink(draft).catch(() => {});
    throw error;
  }
}
