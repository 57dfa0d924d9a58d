import { abiCamflow09, type RecordType, type StreamId } from '@camflow/api';
import { type RecordFields, recordBytes, writeRecord } from '../records/record-writer.ts';

/** Records of one stream, in the order in which they were written. */
export interface StoryChunk {
  readonly stream: StreamId;
  /** Whole records. Valid until the next chunk is asked for. */
  readonly bytes: Uint8Array;
  readonly records: number;
}

/** Collects the records of every stream until they are taken. */
export class Streams {
  readonly #streams: { id: StreamId; memory: Uint8Array; view: DataView; used: number }[] = [];
  #left: number;

  /** @param limit - records after which no more are taken in */
  constructor(cpus: number, limit: number) {
    this.#left = limit;
    // Long streams come first: taken in this order, every name is known before it is used.
    for (const kind of ['long', 'short'] as const) {
      for (let cpu = 0; cpu < cpus; cpu++) {
        const memory = new Uint8Array(abiCamflow09.framing.longBytes * 16);
        this.#streams.push({ id: { cpu, kind }, memory, view: new DataView(memory.buffer), used: 0 });
      }
    }
  }

  /** Whether the limit is reached. */
  get full(): boolean {
    return this.#left === 0;
  }

  /** Adds a record to the stream of its kind on a CPU. */
  add(cpu: number, type: RecordType, fields: RecordFields): void {
    if (this.#left === 0) return;
    this.#left--;
    const cpus = this.#streams.length / 2;
    const stream = this.#streams[type.long ? cpu : cpus + cpu]!;
    if (stream.used + recordBytes(type) > stream.memory.length) {
      const larger = new Uint8Array(stream.memory.length * 2);
      larger.set(stream.memory);
      stream.memory = larger;
      stream.view = new DataView(larger.buffer);
    }
    stream.used += writeRecord(stream.view, stream.used, type, fields);
  }

  /** Hands over what was collected and starts anew. */
  *take(): Generator<StoryChunk> {
    const { shortBytes, longBytes } = abiCamflow09.framing;
    for (const stream of this.#streams) {
      if (stream.used === 0) continue;
      const bytes = stream.memory.subarray(0, stream.used);
      const records = stream.used / (stream.id.kind === 'long' ? longBytes : shortBytes);
      stream.used = 0;
      yield { stream: stream.id, bytes, records };
    }
  }
}
