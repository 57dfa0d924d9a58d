import { access, type FileHandle, constants as modes, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import {
  CamflowError,
  type Origin,
  type Sink,
  type SinkContext,
  sinkStopped,
  type UnitBatch,
} from '@camflow/api';
import { encodeHeader } from '@camflow/segment';
import { captureAt, createCaptureFile, unavailable } from './capture-file.ts';
import type { CaptureOptions } from './capture-options.ts';

const syncIntervalMs = 1000;

/** Failures that pass when someone frees space or mends the disk. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'EFBIG', 'EIO', 'EINTR', 'EAGAIN']);

/** Writes the frames of the raw format into a capture file. A failed write leaves whole frames only. */
export class CaptureSink implements Sink {
  readonly #options: CaptureOptions;
  readonly #context: SinkContext;
  #origin: Origin | undefined;
  #file: FileHandle | undefined;
  /** Bytes of whole frames. */
  #size = 0;
  /** What was written is not durable yet. */
  #unsynced = false;
  #syncTimer: NodeJS.Timeout | undefined;
  #syncing: Promise<void> | undefined;
  #syncError: unknown;

  constructor(options: CaptureOptions, context: SinkContext) {
    this.#options = options;
    this.#context = context;
  }

  async check(): Promise<void> {
    const { path } = this.#options;
    if (this.#context.format.name !== 'raw') {
      throw new CamflowError(
        'SINK_MISCONFIGURED',
        `A capture file cannot hold format '${this.#context.format.name}'`,
        {
          hint: `Set format=raw in [${this.#context.section}], or use output=log for text.`,
        },
      );
    }
    await captureAt(path);
    const folder = await nearestFolder(path);
    await access(folder, modes.W_OK | modes.X_OK).catch((error: unknown) => {
      throw unavailable(path, error);
    });
  }

  async open({ origin }: { readonly origin: Origin }): Promise<void> {
    this.#origin = origin;
    await this.#start(false);
  }

  async write(units: UnitBatch, signal: AbortSignal): Promise<undefined> {
    const bytes = units.bytes.subarray(0, units.count > 0 ? units.ends[units.count - 1]! : 0);
    const file = this.#opened();
    if (signal.aborted) throw sinkStopped(this.#options.path);
    try {
      if (this.#syncError) throw this.#syncError;
      await this.#append(file, bytes);
      this.#unsynced = true;
      if (this.#options.sync === 'batch') await this.#sync();
      this.#size += bytes.length;
    } catch (error) {
      this.#syncError = undefined;
      // The batch comes again from its first unit.
      await file.truncate(this.#size).catch(() => {});
      throw this.#failure(error);
    }
    if (this.#options.sync === 'interval') this.#syncSoon();
  }

  async flush(): Promise<void> {
    if (this.#file === undefined) return;
    try {
      await this.#syncing;
      await this.#sync();
    } catch (error) {
      throw this.#failure(error);
    }
  }

  /** Starts a new file where the old one was moved away; else goes on with it. */
  async reopen(): Promise<void> {
    const mine = await this.#opened().stat();
    const there = await captureAt(this.#options.path);
    if (there && there.ino === mine.ino && there.dev === mine.dev) return;
    await this.flush();
    const old = this.#opened();
    await this.#start(true);
    await old.close();
  }

  async close(): Promise<void> {
    clearTimeout(this.#syncTimer);
    const file = this.#file;
    this.#file = undefined;
    await this.#syncing;
    await file?.close();
  }

  async #start(continued: boolean): Promise<void> {
    const { path } = this.#options;
    const { file, movedTo } = await createCaptureFile(path);
    if (movedTo) this.#context.log.info('An older capture was moved aside', { path, movedTo });
    const header = encodeHeader({ ...this.#origin!, createdAtMs: Date.now(), continued });
    const size = this.#size;
    this.#size = 0;
    try {
      await this.#append(file, header);
    } catch (error) {
      this.#size = size;
      await file.close();
      throw unavailable(path, error);
    }
    this.#file = file;
    this.#size = header.length;
    this.#unsynced = true;
  }

  /** Writes all bytes behind the whole frames, however many calls that takes. */
  async #append(file: FileHandle, bytes: Uint8Array): Promise<void> {
    for (let done = 0; done < bytes.length; ) {
      const { bytesWritten } = await file.write(bytes, done, bytes.length - done, this.#size + done);
      done += bytesWritten;
    }
  }

  #syncSoon(): void {
    this.#syncTimer ??= setTimeout(() => {
      this.#syncTimer = undefined;
      this.#syncing = this.#sync().catch((error: unknown) => {
        this.#syncError = error;
      });
    }, syncIntervalMs).unref();
  }

  async #sync(): Promise<void> {
    if (!this.#unsynced || this.#file === undefined) return;
    this.#unsynced = false;
    try {
      await this.#file.datasync();
      this.#syncError = undefined;
    } catch (error) {
      this.#unsynced = true;
      throw error;
    }
  }

  #opened(): FileHandle {
    if (this.#file) return this.#file;
    throw new CamflowError('PIPELINE_STATE', 'The capture output is not open');
  }

  #failure(error: unknown): CamflowError {
    const retryable = passing.has((error as NodeJS.ErrnoException).code ?? '');
    const { path } = this.#options;
    return new CamflowError(
      retryable ? 'SINK_UNAVAILABLE' : 'SINK_REJECTED',
      `Cannot write the capture file ${path}`,
      {
        cause: error,
        retryable,
        ...(retryable && { hint: 'Make room for it; the recorder tries again by itself.' }),
      },
    );
  }
}

/** The folder of a path, or the first above it that exists: the others will be made. */
async function nearestFolder(path: string): Promise<string> {
  const folder = dirname(path);
  try {
    await stat(folder);
    return folder;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw unavailable(path, error);
    return nearestFolder(folder);
  }
}
