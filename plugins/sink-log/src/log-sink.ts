import {
  CamflowError,
  describeError,
  isCamflowError,
  type Sink,
  type SinkContext,
  type SinkStart,
  sinkStopped,
  type UnitBatch,
} from '@camflow/api';
import { LogArchive } from './log-archive.ts';
import { checkLogFile, cutTornLine, isSameFile, type LogFile, openLogFile } from './log-file.ts';
import type { LogOptions } from './options.ts';
import { ResumableSteps } from './resumable-steps.ts';

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
  /** Absent where the log is no file. */
  #archive: LogArchive | undefined;
  /** The change to another file that is under way; nothing is written before it is done. */
  #change: ResumableSteps | undefined;
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
      const found = await this.#openFile();
      this.#file = found.regular ? await this.#beginArchive(found, start) : found;
      await this.#measure(this.#file);
    });
  }

  /** A write to a file cannot be called back: a stop is noticed after at most {@link chunkBytes}. */
  write(units: UnitBatch, signal: AbortSignal): Promise<undefined> {
    return this.#inTurn(async () => {
      // A batch that is given again goes on behind what is in files that were closed meanwhile.
      if (this.#given?.units !== units) this.#given = { units, done: 0 };
      const given = this.#given;
      await this.#proceed();
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
    return this.#inTurn(async () => {
      await this.#proceed();
      const old = this.#opened();
      await this.#settle(old);
      const next = await this.#openFile();
      const isMoved = !isSameFile(await next.handle.stat(), await old.handle.stat());
      if (this.#archive && this.#options.chain && isMoved) {
        await next.handle.close();
        await this.#changeOver();
      } else {
        await this.#use(next);
        await old.handle.close();
      }
    });
  }

  close(): Promise<void> {
    return this.#inTurn(async () => {
      clearTimeout(this.#syncTimer);
      const file = this.#file;
      const archive = this.#archive;
      this.#file = undefined;
      this.#archive = undefined;
      this.#change = undefined;
      try {
        await archive?.close();
      } catch (error) {
        throw this.#failure('close', error);
      } finally {
        await file?.handle.close();
      }
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
    await this.#changeBy([
      () => this.#archive?.closeChain(),
      () => this.#archive?.setChainAside(),
      () => this.#archive?.openChain(),
      () => {
        this.#surplusBytes = 0;
      },
      () => this.#measure(file),
    ]);
  }

  async #rotate(signal: AbortSignal): Promise<void> {
    if (signal.aborted) throw sinkStopped(this.#options.path);
    await this.#changeOver();
  }

  /** Begins the next file, in place of the one in use or of what somebody has put there. */
  async #changeOver(): Promise<void> {
    const old = this.#opened();
    const archive = this.#archive;
    const identity = await old.handle.stat();
    await this.#changeBy([
      () => this.#settle(old),
      () => archive?.closeChain(),
      () => archive?.setAside(identity),
      () => archive?.openChain(),
      async () => this.#use(await this.#openFile()),
      () => old.handle.close(),
      () => archive?.tidy(),
    ]);
  }

  /** A change that fails goes on with the next call, before anything else is written. */
  #changeBy(steps: ConstructorParameters<typeof ResumableSteps>[0]): Promise<void> {
    this.#change = new ResumableSteps(steps);
    return this.#proceed();
  }

  async #proceed(): Promise<void> {
    try {
      await this.#change?.run();
      this.#change = undefined;
    } catch (error) {
      throw isCamflowError(error) ? error : this.#failure('rotate', error);
    }
  }

  /** What was written to a file is what stays of it. */
  async #settle(file: LogFile): Promise<void> {
    try {
      await this.#cutSurplus(file);
      if (this.#options.sync !== 'none') await this.#sync(file);
    } catch (error) {
      throw this.#failure('finish', error);
    }
  }

  async #use(file: LogFile): Promise<void> {
    this.#file = file;
    await this.#measure(file);
  }

  /** @returns the file to write to: another one where what was found got the name of an old file */
  async #beginArchive(found: LogFile, start: SinkStart): Promise<LogFile> {
    const archive = new LogArchive(this.#options, this.#context.log, start);
    try {
      await archive.begin((await found.handle.stat()).size);
      const file = await this.#openFile();
      this.#archive = archive;
      return file;
    } catch (error) {
      await archive.release();
      throw isCamflowError(error) ? error : this.#failure('open', error);
    } finally {
      await found.handle.close();
    }
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
