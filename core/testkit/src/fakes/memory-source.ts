import {
  abis,
  type CaptureSource,
  measureRecords,
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
  const abi = abis.get(origin.abi)!;
  const streams = input.streams[Symbol.iterator]();
  const places = new Map<string, { readonly position: number; readonly firstSequence: number }>();
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
    const end = Math.min(bytes.length, at + slab.bytes.length);
    const { records, byteLength } = measureRecords(abi, stream.kind, bytes, at, end);
    slab.bytes.set(bytes.subarray(at, at + byteLength));
    at += byteLength;
    const key = `${stream.kind} ${stream.cpu}`;
    const { position, firstSequence } = places.get(key) ?? { position: 0, firstSequence: 0 };
    places.set(key, { position: position + byteLength, firstSequence: firstSequence + records });
    const securityContexts = contexts;
    contexts = [];
    const place = { position, firstSequence, byteLength };
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
