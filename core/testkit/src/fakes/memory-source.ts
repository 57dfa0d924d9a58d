import {
  abis,
  type CaptureSource,
  type Origin,
  type RelayBatch,
  type Slab,
  type SourceCapabilities,
  type StreamId,
} from '@camflow/api';
import { testDateMs, testOrigin } from './record-batch.ts';

/** Records of one stream, held in memory. */
export interface MemoryStream {
  readonly stream: StreamId;
  /** Whole records. */
  readonly bytes: Uint8Array;
}

/** What a memory source is made from. */
export interface MemorySourceInput {
  /** Given out in this order; a stream may occur more than once. Long records should come before short ones that need their names. */
  readonly streams: Iterable<MemoryStream>;
  /** Default `testOrigin`. */
  readonly origin?: Origin;
  /** Given out with the first batch. */
  readonly securityContexts?: RelayBatch['securityContexts'];
  /** Default `testDateMs`. */
  readonly capturedAtMs?: number;
}

/** A finite source over memory. It cannot be read a second time, and drops what was not committed. */
export interface MemorySource extends CaptureSource {
  /** Identifiers of the batches committed, in the order of the calls. */
  readonly committed: readonly number[];
}

const capabilities: SourceCapabilities = { finite: true, rereadable: false, heldBatches: 0, pushDown: [] };

/** Makes a source that gives out records held in memory; every batch closes its round. */
export function createMemorySource(input: MemorySourceInput): MemorySource {
  const { origin = testOrigin, capturedAtMs = testDateMs } = input;
  const framing = abis.get(origin.abi)!.framing;
  const streams = input.streams[Symbol.iterator]();
  const positions = new Map<string, number>();
  const committed: number[] = [];
  let contexts = input.securityContexts ?? [];
  let current: MemoryStream | undefined;
  let at = 0;
  let id = 0;

  function next(slab: Slab): RelayBatch | null {
    while (current === undefined || at === current.bytes.length) {
      const step = streams.next();
      if (step.done) return null;
      current = step.value;
      at = 0;
    }
    const { stream, bytes } = current;
    const size = stream.kind === 'long' ? framing.longBytes : framing.shortBytes;
    const byteLength = Math.min(bytes.length - at, slab.bytes.length - (slab.bytes.length % size));
    slab.bytes.set(bytes.subarray(at, at + byteLength));
    at += byteLength;
    const key = `${stream.kind} ${stream.cpu}`;
    const position = positions.get(key) ?? 0;
    positions.set(key, position + byteLength);
    const securityContexts = contexts;
    contexts = [];
    const place = { position, firstSequence: position / size, byteLength };
    const batch = { abi: origin.abi, stream, capturedAtMs, endOfRound: true, loss: {}, securityContexts };
    return { ...batch, ...place, id: ++id };
  }

  return {
    capabilities,
    committed,
    async open() {
      return origin;
    },
    async read(slab) {
      return next(slab);
    },
    commit(batchId) {
      committed.push(batchId);
    },
    async close() {},
  };
}
