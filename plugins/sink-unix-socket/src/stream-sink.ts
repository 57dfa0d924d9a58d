import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import { type PluginContext, type Sink, sinkStopped, type UnitBatch } from '@camflow/api';
import { writeAll } from '@camflow/kernel';
import type { UnixSocketOptions } from './options.ts';
import { checkReaderSocket, readerGone } from './reader-socket.ts';

/**
 * Writes units to the stream socket of a reader. Delivered means: accepted by the kernel. A batch that a
 * reader took in part is given as a whole to the next connection, which thus starts with a whole unit.
 */
export class StreamSink implements Sink {
  readonly #address: string;
  readonly #log: PluginContext['log'];
  #socket: Socket | undefined;

  constructor(options: UnixSocketOptions, context: PluginContext) {
    this.#address = options.address;
    this.#log = context.log;
  }

  check(): Promise<void> {
    return checkReaderSocket(this.#address);
  }

  /** The reader may come later: the connection is made by the first write. */
  async open(): Promise<void> {}

  async write(units: UnitBatch, signal: AbortSignal): Promise<undefined> {
    try {
      signal.throwIfAborted();
      const socket = this.#socket ?? (await this.#connect(signal));
      await writeAll(socket, units.bytes.subarray(0, units.ends[units.count - 1] ?? 0), signal);
    } catch (error) {
      throw signal.aborted ? sinkStopped(this.#address) : readerGone(this.#address, error);
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    // A reader may close its own sending half and still read, hence half-open.
    const socket = createConnection({ path: this.#address, allowHalfOpen: true });
    try {
      await once(socket, 'connect', { signal });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    this.#socket = socket;
    this.#log.info('Connected to the reader', { address: this.#address });
    // What a reader says is thrown away; left unread, it would block that reader.
    socket.resume();
    // Who writes hears of the failure; all that is left to do is to connect anew.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
    });
    return socket;
  }
}
