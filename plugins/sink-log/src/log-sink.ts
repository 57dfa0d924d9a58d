import { stat } from 'node:fs/promises';
import {
  CamflowError,
  describeError,
  type Sink,
  type SinkContext,
  type SinkStart,
  sinkStopped,
  type UnitBatch,
} from '@camflow/api';
import { LogArchive } from './log-archive.ts';
import { checkLogFile, cutTornLine, type LogFile, openLogFile } from './log-file.ts';
import type { LogOptions } from './options.ts';

/** Largest single write, in bytes: how much is finished before a stop is noticed. */
const chunkBytes = 1 << 20;

/**
 * Appends units to a file. Delivered means: written, and with `sync=batch` on the disk.
 *
 * A batch that failed half-way is cut off again before anything else is written, so a retry leaves neither
 * half a unit nor a unit twice. That holds for a failed sync too: the kernel may have dropped the data and
 * would not say so again, so the batch is written anew.
 */
export class LogSink implements Sink {
  readonly #options: LogOptions;
  readonly #context: SinkContext;
  #file: LogFile | undefined;
  /** Bytes at the end of the file that belong to a batch that failed. */
  #surplusBytes = 0;
  #archive: LogArchive | undefined;
  #sizeBytes = 0;
  #beganAtMs = 0;
  /** The batch that was given last, and how many of its units are in the log. */
  #given: { readonly units: UnitBatch; done: number } | undefined;
  #syncTimer: NodeJS.Timeout | undefined;
  /** Settles when the operations begun so far have: a file is not exchanged under a write. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: LogOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
  }

  check(): Promise<void> {
    return checkLogFile(this.#options.path);
  }

  open(start: SinkStart): Promise<void> {
    return this.#inTurn(async () => {
      const archive = new LogArchive(this.#options, this.#context.log, start);
      const found = await this.#openFile();
      const { size } = await found.handle.stat();
      if (this.#options.chain && found.regular) {
        await found.handle.close();
        await archive.begin(size);
        this.#file = await this.#openFile();
      } else this.#file = found;
      this.#archive = archive;
      await this.#measure(this.#file);
    });
  }

  /** A write to a file cannot be called back: a stop is noticed after at most {@link chunkBytes}. */
  write(units: UnitBatch, signal: AbortSignal): Promise<undefined> {
    return this.#inTurn(async () => {
      // A batch that is given again goes on behind what is in files that were closed meanwhile.
      if (this.#given?.units !== units) this.#given = { units, done: 0 };
      const given = this.#given;
      if (this.#isOld()) await this.#rotate(signal);
      if (this.#options.chain) await this.#noticeEmptied();
      while (given.done < units.count) {
        const to = this.#unitsThatFit(units, given.done);
        if (to > given.done) await this.#writeUnits(units, given.done, to, signal);
        given.done = to;
        if (to < units.count) await this.#rotate(signal);
      }
      if (this.#options.sync === 'interval') this.#syncLater();
      return undefined;
    });
  }

  flush(): Promise<void> {
    return this.#inTurn(async () => {
      if (this.#file === undefined) return;
      clearTimeout(this.#syncTimer);
      this.#syncTimer = undefined;
      try {
        await this.#sync(this.#file);
      } catch (error) {
        throw this.#failure('sync', error);
      }
    });
  }

  /** Where the new file cannot be opened, the old one stays in use and nothing is lost. */
  reopen(): Promise<void> {
    return this.#inTurn(() =>
      this.#exchange(async () => {
        const now = await stat(this.#options.path).catch(() => undefined);
        const was = await this.#opened().handle.stat();
        if (now?.ino !== was.ino || now.dev !== was.dev) await this.#archive?.succeed(now?.size ?? 0);
      }),
    );
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      clearTimeout(this.#syncTimer);
      const file = this.#file;
      this.#file = undefined;
      await this.#archive?.close();
      this.#archive = undefined;
      await file?.handle.close();
    });
  }

  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => {});
    return result;
  }

  /** Units from one on that the file has room for; at least one where it is empty. */
  #unitsThatFit(units: UnitBatch, from: number): number {
    const { sizeBytes } = this.#options.rotation;
    if (sizeBytes === 0 || this.#file?.regular !== true) return units.count;
    const room = sizeBytes - this.#sizeBytes + (from === 0 ? 0 : units.ends[from - 1]!);
    let to = this.#sizeBytes === 0 ? from + 1 : from;
    while (to < units.count && units.ends[to]! <= room) to++;
    return to;
  }

  #isOld(): boolean {
    const { intervalMs } = this.#options.rotation;
    return (
      intervalMs > 0 &&
      this.#file?.regular === true &&
      this.#sizeBytes > 0 &&
      performance.now() - this.#beganAtMs >= intervalMs
    );
  }

  async #writeUnits(units: UnitBatch, from: number, to: number, signal: AbortSignal): Promise<void> {
    const file = this.#opened();
    const start = from === 0 ? 0 : units.ends[from - 1]!;
    const length = units.ends[to - 1]! - start;
    let writtenBytes = 0;
    try {
      await this.#cutSurplus(file);
      while (writtenBytes < length) {
        signal.throwIfAborted();
        const size = Math.min(chunkBytes, length - writtenBytes);
        writtenBytes += (await file.handle.write(units.bytes, start + writtenBytes, size)).bytesWritten;
      }
      signal.throwIfAborted();
      if (this.#options.sync === 'batch') await this.#sync(file);
    } catch (error) {
      this.#surplusBytes += writtenBytes;
      // A second failure is no news: the next write tries again, and writes nothing before it succeeds.
      await this.#cutSurplus(file).catch(() => {});
      throw signal.aborted ? sinkStopped(this.#options.path) : this.#failure('write to', error);
    }
    this.#sizeBytes += length;
    await this.#archive?.written(units, from, to);
  }

  /** A rotation that copies the log and empties it, as logrotate does by `copytruncate`. */
  async #noticeEmptied(): Promise<void> {
    const file = this.#opened();
    if (!file.regular || this.#sizeBytes === 0 || (await file.handle.stat()).size > 0) return;
    this.#context.log.warn('somebody emptied the log; its chain is closed, and another one begins', {
      path: this.#options.path,
    });
    await this.#archive?.succeed(0);
    this.#surplusBytes = 0;
    await this.#measure(file);
  }

  async #rotate(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw sinkStopped(this.#options.path);
    await this.#exchange(async () => this.#archive?.rotate());
  }

  /** Closes the file in use and opens what is, or will be, in its place. */
  async #exchange(between: () => Promise<void>): Promise<void> {
    const old = this.#opened();
    try {
      await this.#cutSurplus(old);
      if (this.#options.sync !== 'none') await this.#sync(old);
      await between();
    } catch (error) {
      throw this.#failure('finish', error);
    }
    this.#file = await this.#openFile();
    await this.#measure(this.#file);
    await old.handle.close();
  }

  async #measure({ handle }: LogFile): Promise<void> {
    const { size, birthtimeMs } = await handle.stat();
    this.#sizeBytes = size;
    const ageMs = size > 0 ? Math.max(0, Date.now() - birthtimeMs) : 0;
    this.#beganAtMs = performance.now() - ageMs;
  }

  async #openFile(): Promise<LogFile> {
    const file = await openLogFile(this.#options.path);
    if (this.#context.format.framing === 'frames') return file;
    try {
      await cutTornLine(file);
      return file;
    } catch (error) {
      await file.handle.close();
      throw this.#failure('open', error);
    }
  }

  #opened(): LogFile {
    if (this.#file) return this.#file;
    throw new CamflowError('PIPELINE_STATE', `The log ${this.#options.path} is not open`);
  }

  /** Counts from the end of the file, not from where the batch began: a rotation may have truncated it since. */
  async #cutSurplus({ handle, regular }: LogFile): Promise<void> {
    if (regular && this.#surplusBytes > 0) {
      const { size } = await handle.stat();
      await handle.truncate(Math.max(0, size - this.#surplusBytes));
    }
    this.#surplusBytes = 0;
  }

  async #sync({ handle, regular }: LogFile): Promise<void> {
    if (regular) await handle.datasync();
  }

  #syncLater(): void {
    this.#syncTimer ??= setTimeout(() => {
      this.flush().catch((error) =>
        this.#context.log.error(describeError(error), { path: this.#options.path }),
      );
    }, this.#options.syncIntervalMs);
  }

  #failure(action: string, cause: unknown): CamflowError {
    return new CamflowError('SINK_UNAVAILABLE', `Cannot ${action} the log ${this.#options.path}`, {
      retryable: true,
      cause,
      ...((cause as NodeJS.ErrnoException).code === 'ENOSPC' && {
        hint: 'Make room on its file system: writing goes on by itself.',
      }),
    });
  }
}
