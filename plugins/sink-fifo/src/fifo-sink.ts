import type { Socket } from 'node:net';
import { CamflowError, type PluginContext, type Sink, sinkStopped, type UnitBatch } from '@camflow/api';
import { writeAll } from '@camflow/kernel';
import { ensureNamedPipe, findNamedPipe, openNamedPipe } from './named-pipe.ts';
import type { FifoOptions } from './options.ts';

/**
 * Writes units to a named pipe, whose reader may come and go. Delivered means: accepted by the kernel; what a
 * killed reader had not read is gone with it.
 *
 * Where a reader goes, the pipe is closed before anything is written again. The kernel forgets what is in a
 * pipe that nobody has open, so the next reader starts with the first byte of a unit. One case is the
 * kernel's alone: a reader that comes while the pipe is still open here, because nothing was written since the
 * last one went, reads on where that one stopped, which may be inside a unit. A reader that drops everything up
 * to the first newline is then whole again.
 *
 * One reader at a time: the kernel gives each byte to only one.
 */
export class FifoSink implements Sink {
  readonly #path: string;
  readonly #log: PluginContext['log'];
  #pipe: Socket | undefined;

  constructor(options: FifoOptions, context: PluginContext) {
    this.#path = options.path;
    this.#log = context.log;
  }

  async check(): Promise<void> {
    await findNamedPipe(this.#path);
  }

  /** Makes the pipe; does not wait for a reader. */
  open(): Promise<void> {
    return ensureNamedPipe(this.#path);
  }

  async write(units: UnitBatch, signal: AbortSignal): Promise<undefined> {
    if (signal.aborted) throw sinkStopped(this.#path);
    const pipe = this.#pipe ?? (await this.#connect());
    try {
      await writeAll(pipe, units.bytes.subarray(0, units.ends[units.count - 1] ?? 0), signal);
    } catch (error) {
      if (signal.aborted) throw sinkStopped(this.#path);
      throw new CamflowError('SINK_UNAVAILABLE', `The reader of the named pipe ${this.#path} went away`, {
        retryable: true,
        cause: error,
      });
    }
    return undefined;
  }

  /** Leaves the named pipe where it is: what it holds is still there for the reader. */
  async close(): Promise<void> {
    this.#pipe?.destroy();
    this.#pipe = undefined;
  }

  async #connect(): Promise<Socket> {
    await ensureNamedPipe(this.#path);
    const pipe = openNamedPipe(this.#path);
    this.#pipe = pipe;
    this.#log.info('A reader has opened the named pipe', { path: this.#path });
    // Who writes hears of the failure; all that is left to do is to open anew.
    pipe.on('error', () => {});
    pipe.on('close', () => {
      if (this.#pipe === pipe) this.#pipe = undefined;
    });
    return pipe;
  }
}
