import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import {
  type FormatInfo,
  groupUnits,
  type Sink,
  type SinkContext,
  sinkStopped,
  type UnitBatch,
  type WriteReceipt,
} from '@camflow/api';
import { connectUnixDatagram, type UnixDatagramSocket } from '@camflow/kernel';
import type { UnixSocketOptions } from './options.ts';
import { checkReaderSocket, readerGone } from './reader-socket.ts';

/** Datagrams sent before other work of the event loop gets its turn. */
const datagramsPerTurn = 64;
/** Longest pause before a reader whose queue is full is tried again, in milliseconds. */
const longestPauseMs = 32;

/**
 * Sends units to the datagram socket of a reader: lines joined up to a size, documents one by one. Delivered
 * means: in the queue of the reader.
 */
export class DatagramSink implements Sink {
  readonly #options: UnixSocketOptions;
  readonly #framing: FormatInfo['framing'];
  readonly #log: SinkContext['log'];
  #socket: UnixDatagramSocket | undefined;

  constructor(options: UnixSocketOptions, context: SinkContext) {
    this.#options = options;
    this.#framing = context.format.framing;
    this.#log = context.log;
  }

  check(): Promise<void> {
    return checkReaderSocket(this.#options.address);
  }

  /** The reader may come later: the connection is made by the first write. */
  async open(): Promise<void> {}

  async write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined> {
    try {
      signal.throwIfAborted();
      const tooLarge = await this.#sendAll(units, this.#socket ?? this.#connect(), signal);
      return tooLarge === 0 ? undefined : { lost: { unit_too_large: tooLarge } };
    } catch (error) {
      if (signal.aborted) throw sinkStopped(this.#options.address);
      this.#disconnect();
      throw readerGone(this.#options.address, error);
    }
  }

  async close(): Promise<void> {
    this.#disconnect();
  }

  #connect(): UnixDatagramSocket {
    const { address, sendBufferBytes } = this.#options;
    this.#socket = connectUnixDatagram({ path: address, sendBufferBytes });
    this.#log.info('Connected to the reader', { address });
    return this.#socket;
  }

  #disconnect(): void {
    this.#socket?.close();
    this.#socket = undefined;
  }

  /** @returns records whose unit no datagram can carry */
  async #sendAll(units: UnitBatch, socket: UnixDatagramSocket, signal: AbortSignal): Promise<number> {
    let tooLarge = 0;
    let sent = 0;
    for (const group of groupUnits(units, this.#framing, this.#options.maxDatagramBytes)) {
      if (!(await send(socket, group.bytes, signal))) {
        // Together they do not pass; one by one some of them may.
        let start = units.ends[group.first - 1] ?? 0;
        for (let index = group.first; index < group.first + group.count; index++) {
          const end = units.ends[index]!;
          const passed = group.count > 1 && (await send(socket, units.bytes.subarray(start, end), signal));
          if (!passed) tooLarge += units.records[index]!;
          start = end;
        }
      }
      if (++sent % datagramsPerTurn === 0) {
        await nextTurn();
        signal.throwIfAborted();
      }
    }
    return tooLarge;
  }
}

/** @returns whether it was sent; false where it is too large */
async function send(socket: UnixDatagramSocket, bytes: Uint8Array, signal: AbortSignal): Promise<boolean> {
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, longestPauseMs)) {
    const outcome = socket.send(bytes);
    if (outcome !== 'busy') return outcome === 'sent';
    await sleep(pauseMs, undefined, { signal });
  }
}
