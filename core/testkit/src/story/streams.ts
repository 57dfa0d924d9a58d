import { type Abi, abiCamflow09, type RecordType, type StreamId } from '@camflow/api';
import { type RecordFields, recordBytes, writeRecord } from '../records/record-writer.ts';

/** Records of one stream, in the order in which they were written. */
export interface StoryChunk {
  readonly stream: StreamId;
  /** Whole records. Valid until the next chunk is asked for. */
  readonly bytes: Uint8Array;
  readonly records: number;
}

interface Stream {
  readonly id: StreamId;
  memory: Uint8Array;
  view: DataView;
  used: number;
  /** Records in `memory`, and since the beginning. */
  records: number;
  written: number;
}

/** Collects the records of every stream until they are taken. */
export class Streams {
  readonly #abi: Abi;
  readonly #streams: Stream[] = [];
  #left: number;

  /** @param limit - records after which no more are taken in */
  constructor(abi: Abi, cpus: number, limit: number) {
    this.#abi = abi;
    this.#left = limit;
    // Long streams come first: taken in this order, every name is known before it is used.
    const kinds = abi.framing.kind === 'fixed' ? (['long', 'short'] as const) : (['mixed'] as const);
    for (const kind of kinds) {
      for (let cpu = 0; cpu < cpus; cpu++) {
        const memory = new Uint8Array(abiCamflow09.framing.longBytes * 16);
        const view = new DataView(memory.buffer);
        this.#streams.push({ id: { cpu, kind }, memory, view, used: 0, records: 0, written: 0 });
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
    const kind = this.#abi.framing.kind === 'sized' ? 'mixed' : type.long ? 'long' : 'short';
    const stream = this.#streams.find(({ id }) => id.cpu === cpu && id.kind === kind)!;
    const known = this.#abi.shapes.get(type.shape)!.fields;
    // Interfaces differ in what they keep: the value of an extended attribute, for one.
    const kept = Object.fromEntries(Object.entries(fields).filter(([name]) => known.has(name)));
    if (stream.used + recordBytes(type, kept, this.#abi) > stream.memory.length) {
      const larger = new Uint8Array(stream.memory.length * 2);
      larger.set(stream.memory);
      stream.memory = larger;
      stream.view = new DataView(larger.buffer);
    }
    stream.used += writeRecord(stream.view, stream.used, type, kept, this.#abi, stream.written++);
    stream.records++;
  }

  /** Hands over what was collected and starts anew. */
  *take(): Generator<StoryChunk> {
    for (const stream of this.#streams) {
      if (stream.used === 0) continue;
      const bytes = stream.memory.subarray(0, stream.used);
      const { records } = stream;
      stream.used = 0;
      stream.records = 0;
      yield { stream: stream.id, bytes, records };
    }
  }
}
