import { once } from 'node:events';
import { createConnection, type Socket } from 'node:net';
import {
  CamflowError,
  type PluginContext,
  type Sink,
  sinkStopped,
  type UnitBatch,
  unitId,
} from '@camflow/api';
import { writeAll } from '@camflow/kernel';
import type { UnixSocketOptions } from './options.ts';
import { checkReaderSocket, readerGone } from './reader-socket.ts';

/** What a reader sends back for each unit that it has taken: ACK of ASCII. */
export const acknowledgement = 0x06;

/**
 * Writes units to the stream socket of a reader that sends back one byte for each. Delivered means: acknowledged
 * by the reader. docs/unix-acknowledgement.md is the protocol.
 */
export class AcknowledgedSink implements Sink {
  readonly #options: UnixSocketOptions;
  readonly #log: PluginContext['log'];
  #socket: Socket | undefined;
  /** The batch that was given last, and how many of its units, from the first on, the reader has. */
  #given: { readonly units: UnitBatch; acknowledged: number } | undefined;
  /** Called where an acknowledgement came, or the connection ended. */
  #changed: () => void = () => {};

  constructor(options: UnixSocketOptions, context: PluginContext) {
    this.#options = options;
    this.#log = context.log;
  }

  check(): Promise<void> {
    return checkReaderSocket(this.#options.address);
  }

  /** The reader may come later: the connection is made by the first write. */
  async open(): Promise<void> {}

  async write(units: UnitBatch, signal: AbortSignal): Promise<undefined> {
    if (this.#given?.units !== units) this.#given = { units, acknowledged: 0 };
    try {
      signal.throwIfAborted();
      const socket = this.#socket ?? (await this.#connect(signal));
      const from = this.#given.acknowledged;
      const start = from === 0 ? 0 : units.ends[from - 1]!;
      const bytes = this.#options.unitIds
        ? withIds(units, from)
        : units.bytes.subarray(start, units.ends[units.count - 1] ?? 0);
      await writeAll(socket, bytes, signal);
      await this.#acknowledged(socket, units, signal);
    } catch (error) {
      // What was sent and not acknowledged is sent again, so the reader must see that this connection is over.
      this.#socket?.destroy();
      this.#socket = undefined;
      throw signal.aborted ? sinkStopped(this.#options.address) : readerGone(this.#options.address, error);
    }
    return undefined;
  }

  async close(): Promise<void> {
    this.#socket?.destroy();
    this.#socket = undefined;
  }

  async #acknowledged(socket: Socket, units: UnitBatch, signal: AbortSignal): Promise<void> {
    const wake = (): void => this.#changed();
    signal.addEventListener('abort', wake);
    try {
      while (this.#given!.acknowledged < units.count) {
        signal.throwIfAborted();
        if (socket.destroyed) throw socket.errored ?? new Error('The reader closed the connection');
        await new Promise<void>((resolve) => {
          this.#changed = resolve;
        });
      }
    } finally {
      signal.removeEventListener('abort', wake);
    }
  }

  async #connect(signal: AbortSignal): Promise<Socket> {
    const { address } = this.#options;
    const socket = createConnection({ path: address });
    try {
      await once(socket, 'connect', { signal });
    } catch (error) {
      socket.destroy();
      throw error;
    }
    this.#socket = socket;
    this.#log.info('Connected to the reader', { address });
    socket.on('data', (bytes) => this.#receive(socket, bytes));
    // Who writes hears of the failure; all that is left to do is to connect anew.
    socket.on('error', () => {});
    socket.on('close', () => {
      if (this.#socket === socket) this.#socket = undefined;
      this.#changed();
    });
    return socket;
  }

  #receive(socket: Socket, bytes: Uint8Array): void {
    const given = this.#given;
    if (this.#socket !== socket || given === undefined) return;
    const known = bytes.every((byte) => byte === acknowledgement);
    if (!known || given.acknowledged + bytes.length > given.units.count) {
      socket.destroy(
        new CamflowError('SINK_UNAVAILABLE', 'The reader sent what is no acknowledgement of a unit', {
          retryable: true,
          hint: 'It must send one byte 0x06 for each unit, and nothing else.',
        }),
      );
      return;
    }
    given.acknowledged += bytes.length;
    this.#changed();
  }
}

/** Units from one on, each behind its identifier and a tab. */
function withIds(units: UnitBatch, from: number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let index = from; index < units.count; index++) {
    const start = index === 0 ? 0 : units.ends[index - 1]!;
    pieces.push(
      Buffer.from(`${unitId(units, index) ?? ''}\t`),
      units.bytes.subarray(start, units.ends[index]!),
    );
  }
  return Buffer.concat(pieces);
}
