import { type LossCause, type UnitWriter, unitNameWords } from '@camflow/api';
import type { UnitBuffers } from './messages.ts';

const leastBytes = 256 * 1024;
const leastUnits = 2048;

/** A point to return to when a formatter fails. */
export interface CollectorMark {
  readonly byteLength: number;
  readonly unitCount: number;
  readonly records: number;
  readonly filtered: number;
  readonly accounted: number;
  readonly dropped: Readonly<Partial<Record<LossCause, number>>>;
}

/** Gathers the units of one format for one batch in memory that grows, and is used again for later batches. */
export class UnitCollector implements UnitWriter {
  #bytes: Buffer = Buffer.alloc(0);
  #ends: Uint32Array = new Uint32Array(0);
  #records: Uint32Array = new Uint32Array(0);
  #names: Uint32Array = new Uint32Array(0);
  /** Records accounted for when each unit was ended. */
  #reached: Uint32Array = new Uint32Array(0);
  /** What batches have needed so far: new memory starts at this size. */
  #usualBytes: number = leastBytes;
  #usualUnits: number = leastUnits;
  #length = 0;
  #unitStart = 0;
  #unitCount = 0;
  #recordCount = 0;
  #accounted = 0;
  #filtered = 0;
  #dropped: Partial<Record<LossCause, number>> = {};

  get byteLength(): number {
    return this.#unitStart;
  }
  get unitCount(): number {
    return this.#unitCount;
  }
  /** Records that the finished units stand for. */
  get records(): number {
    return this.#recordCount;
  }
  get filtered(): number {
    return this.#filtered;
  }
  get dropped(): Readonly<Partial<Record<LossCause, number>>> {
    return this.#dropped;
  }
  /** Whether bytes were written that no `endUnit` followed. */
  get unitOpen(): boolean {
    return this.#length > this.#unitStart;
  }
  /** Records accounted for: in units, left out or lost. */
  get accounted(): number {
    return this.#accounted;
  }
  /** For each finished unit, the records accounted for when it was ended: the last of them is its last one. */
  get reached(): Uint32Array {
    return this.#reached.subarray(0, this.#unitCount);
  }
  /** What units are named by, to be filled in. */
  get names(): Uint32Array {
    return this.#names;
  }
  /** How many records each finished unit stands for. */
  get unitRecords(): Uint32Array {
    return this.#records.subarray(0, this.#unitCount);
  }

  /**
   * Starts over, in the memory given or in new memory.
   * @param inputBytes - of the records: text takes up to about twice as much. Pages that are never written cost no
   *   memory, whereas memory that has to grow is written twice, and what it grew out of may stay for long.
   */
  begin(spare: UnitBuffers | undefined, inputBytes: number = 0): void {
    const usual = Math.max(this.#usualBytes, 2 * inputBytes);
    this.#bytes = Buffer.from(spare?.bytes ?? new SharedArrayBuffer(usual));
    this.#ends = new Uint32Array(spare?.ends ?? new SharedArrayBuffer(this.#usualUnits * 4));
    this.#records = new Uint32Array(spare?.records ?? new SharedArrayBuffer(this.#usualUnits * 4));
    this.#names = new Uint32Array(
      spare?.names ?? new SharedArrayBuffer(this.#usualUnits * 4 * unitNameWords),
    );
    if (this.#reached.length < this.#ends.length) this.#reached = new Uint32Array(this.#ends.length);
    this.rollback({ byteLength: 0, unitCount: 0, records: 0, filtered: 0, dropped: {}, accounted: 0 });
  }

  /** Gives the memory away; `begin` must come next. */
  take(): UnitBuffers {
    this.#usualBytes = Math.max(this.#usualBytes, this.#bytes.length);
    this.#usualUnits = Math.max(this.#usualUnits, this.#ends.length);
    return {
      bytes: this.#bytes.buffer as SharedArrayBuffer,
      ends: this.#ends.buffer as SharedArrayBuffer,
      records: this.#records.buffer as SharedArrayBuffer,
      names: this.#names.buffer as SharedArrayBuffer,
    };
  }

  mark(): CollectorMark {
    const { byteLength, unitCount, records, filtered, accounted } = this;
    return { byteLength, unitCount, records, filtered, accounted, dropped: { ...this.#dropped } };
  }

  /** Forgets everything since the mark, an open unit too. */
  rollback(mark: CollectorMark): void {
    this.#length = mark.byteLength;
    this.#unitStart = mark.byteLength;
    this.#unitCount = mark.unitCount;
    this.#recordCount = mark.records;
    this.#filtered = mark.filtered;
    this.#accounted = mark.accounted;
    this.#dropped = { ...mark.dropped };
  }

  write(bytes: Uint8Array, start: number = 0, end: number = bytes.length): void {
    const part = start === 0 && end === bytes.length ? bytes : bytes.subarray(start, end);
    this.#reserveBytes(part.length);
    copyInto(this.#bytes, part, this.#length);
    this.#length += part.length;
  }

  writeText(text: string): void {
    // No character of a string takes more than three bytes of UTF-8.
    this.#reserveBytes(text.length * 3);
    this.#length += this.#bytes.write(text, this.#length);
  }

  endUnit(records: number): void {
    if (!this.unitOpen) throw new Error('endUnit without anything written');
    checkCount(records);
    this.#reserveUnits(1);
    this.#ends[this.#unitCount] = this.#length;
    this.#records[this.#unitCount] = records;
    this.#recordCount += records;
    this.#accounted += records;
    this.#reached[this.#unitCount] = this.#accounted;
    this.#unitCount++;
    this.#unitStart = this.#length;
  }

  writeUnits(bytes: Uint8Array, ends: Uint32Array, count: number): void {
    if (this.unitOpen) throw new Error('writeUnits while a unit is open');
    if (count === 0) return;
    this.#reserveUnits(count);
    const base = this.#length;
    let previous = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      if (!(end > previous)) throw new Error(`writeUnits: unit ${i} of ${count} is empty`);
      this.#ends[this.#unitCount + i] = base + end;
      this.#reached[this.#unitCount + i] = this.#accounted + i + 1;
      previous = end;
    }
    if (previous > bytes.length) throw new Error('writeUnits: units end after their bytes');
    this.write(bytes, 0, previous);
    this.#records.fill(1, this.#unitCount, this.#unitCount + count);
    this.#unitCount += count;
    this.#unitStart = this.#length;
    this.#recordCount += count;
    this.#accounted += count;
  }

  drop(records: number, cause: LossCause | 'filtered'): void {
    checkCount(records);
    this.#accounted += records;
    if (cause === 'filtered') this.#filtered += records;
    else this.#dropped[cause] = (this.#dropped[cause] ?? 0) + records;
  }

  #reserveBytes(more: number): void {
    const needed = this.#length + more;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.from(new SharedArrayBuffer(Math.max(needed, Math.ceil(this.#bytes.length * 1.5))));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }

  #reserveUnits(more: number): void {
    const needed = this.#unitCount + more;
    if (needed <= this.#ends.length) return;
    const size = Math.max(needed, this.#ends.length * 2);
    this.#ends = grown(this.#ends, size);
    this.#records = grown(this.#records, size);
    this.#names = grown(this.#names, size * unitNameWords);
    const reached = new Uint32Array(size);
    reached.set(this.#reached);
    this.#reached = reached;
  }
}

/**
 * Copies bytes as `set` does, which takes shared memory word by word. `fill` with a value of the length to be
 * filled is one memcpy, some four times as fast; nobody else looks at this memory before it is handed over.
 */
function copyInto(target: Buffer, source: Uint8Array, start: number): void {
  if (source.length > 0) target.fill(source, start, start + source.length);
}

function grown(array: Uint32Array, length: number): Uint32Array {
  const larger = new Uint32Array(new SharedArrayBuffer(length * 4));
  larger.set(array);
  return larger;
}

function checkCount(records: number): void {
  if (!Number.isInteger(records) || records < 0) throw new Error(`not a number of records: ${records}`);
}
