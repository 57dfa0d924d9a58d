import {
  abiBpf1,
  type CaptureSource,
  type LossCause,
  type LossCounters,
  nodeTypeNamed,
  type Origin,
  type RelayBatch,
  type Slab,
  type StreamId,
} from '@camflow/api';

const stream: StreamId = { cpu: 0, kind: 'mixed' };

/** A file node as rings hold it: with a frame that has its number. */
export function framedRecord(id: number, sequence: number): Buffer {
  const type = nodeTypeNamed('file')!;
  const { frameBytes } = abiBpf1.framing;
  const size = (frameBytes + abiBpf1.shapes.get(type.shape)!.size + 7) & ~7;
  const bytes = Buffer.alloc(size);
  bytes.writeUInt32LE(size, 0);
  bytes.writeBigUInt64LE(BigInt(sequence), 8);
  bytes.writeBigUInt64LE(type.code, frameBytes);
  bytes.writeBigUInt64LE(BigInt(id), frameBytes + 8);
  return bytes;
}

/** How a {@link RingSource} reads. */
export interface RingReading {
  /** Records of a batch. */
  readonly batchRecords: number;
  /** Told by a batch of its own after the records. */
  readonly loss?: LossCounters;
  readonly lossOfUnknownSize?: readonly LossCause[];
  /** Whether what it gives comes again; default true. */
  readonly rereadable?: boolean;
  /** Called with each commit. */
  readonly onCommit?: (batchId: number) => void;
}

/** Reads a ring as live sources do: nothing ends by itself. */
export class RingSource implements CaptureSource {
  readonly capabilities: CaptureSource['capabilities'] = {
    finite: false,
    rereadable: true,
    heldBatches: 0,
    pushDown: [],
  };
  readonly committed: number[] = [];
  readonly #records: readonly Buffer[];
  readonly #reading: RingReading;
  #at = 0;
  #batches = 0;
  #told = false;

  /** @param records - with their frames, from where the ring is released: a kill releases nothing of them */
  constructor(records: readonly Buffer[], reading: RingReading) {
    this.#records = records;
    this.#reading = reading;
  }

  async open(): Promise<Origin> {
    return { abi: abiBpf1.id, machineId: 1, bootId: 2, epoch: 3, numbering: 'load' };
  }

  async read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null> {
    const { batchRecords, loss = {}, lossOfUnknownSize = [], rereadable } = this.#reading;
    const records = this.#records.slice(this.#at, this.#at + batchRecords);
    if (records.length === 0 && !this.#told && Object.keys(loss).length + lossOfUnknownSize.length > 0) {
      this.#told = true;
      return { ...this.#batch(0, 0, 0), loss, lossOfUnknownSize };
    }
    if (records.length === 0) {
      if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return null;
    }
    const bytes = Buffer.concat(records);
    slab.bytes.set(bytes);
    const position = this.#positionOf(this.#at);
    const firstSequence = Number(records[0]!.readBigUInt64LE(8));
    this.#at += records.length;
    return {
      ...this.#batch(bytes.length, position, firstSequence),
      mark: this.#positionOf(this.#at),
      ...(rereadable !== undefined && { rereadable }),
    };
  }

  commit(id: number): void {
    this.#reading.onCommit?.(id);
    this.committed.push(id);
  }

  async close(): Promise<void> {}

  #positionOf(record: number): number {
    return this.#records.slice(0, record).reduce((sum, { length }) => sum + length, 0);
  }

  #batch(byteLength: number, position: number, firstSequence: number): RelayBatch {
    return {
      id: ++this.#batches,
      abi: abiBpf1.id,
      stream,
      byteLength,
      position,
      firstSequence,
      capturedAtMs: 1_700_000_000_000,
      endOfRound: true,
      loss: {},
      securityContexts: [],
    };
  }
}
