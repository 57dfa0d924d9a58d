import type { LossCause, UnitWriter } from '@camflow/api';

/**
 * Gathers what a formatter writes. A breach of the writer's protocol is kept in `breaches` instead of thrown, so
 * that a test can say what it was.
 */
export class UnitCollector implements UnitWriter {
  #bytes: Buffer = Buffer.allocUnsafe(64 * 1024);
  #length = 0;
  #accounted = 0;
  /** Where each finished unit ends, in bytes. */
  readonly ends: number[] = [];
  /** Records that each finished unit stands for. */
  readonly records: number[] = [];
  /** Records in units or dropped when each finished unit was ended: the last of them should be its last one. */
  readonly reached: number[] = [];
  /** Records left out or lost, by cause. */
  readonly dropped: Map<LossCause | 'filtered', number> = new Map<LossCause | 'filtered', number>();
  /** What the formatter did that it must not do. */
  readonly breaches: string[] = [];

  /** All finished units, one after another. Valid until more is written. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#unitStart);
  }

  /** Whether bytes were written that no `endUnit` followed. */
  get unitOpen(): boolean {
    return this.#length > this.#unitStart;
  }

  /** Records accounted for: in units or dropped. */
  get accounted(): number {
    return this.#accounted;
  }

  /** The finished units, each on its own. */
  units(): Buffer[] {
    return this.ends.map((end, i) => this.#bytes.subarray(this.ends[i - 1] ?? 0, end));
  }

  /** Forgets everything, keeps the memory. */
  reset(): void {
    this.#length = 0;
    this.ends.length = 0;
    this.records.length = 0;
    this.reached.length = 0;
    this.#accounted = 0;
    this.dropped.clear();
    this.breaches.length = 0;
  }

  write(bytes: Uint8Array, start: number = 0, end: number = bytes.length): void {
    const part = bytes.subarray(start, end);
    this.#reserve(part.length);
    this.#bytes.set(part, this.#length);
    this.#length += part.length;
  }

  writeText(text: string): void {
    this.write(Buffer.from(text));
  }

  endUnit(records: number): void {
    if (!this.unitOpen) this.breaches.push('endUnit without anything written');
    this.#checkCount(records);
    this.ends.push(this.#length);
    this.records.push(records);
    this.#accounted += records;
    this.reached.push(this.#accounted);
  }

  writeUnits(bytes: Uint8Array, ends: Uint32Array, count: number): void {
    if (this.unitOpen) this.breaches.push('writeUnits while a unit is open');
    const base = this.#length;
    let last = 0;
    for (let i = 0; i < count; i++) {
      const end = ends[i]!;
      if (end <= last || end > bytes.length) this.breaches.push(`writeUnits: unit ${i} ends at ${end}`);
      last = end;
      this.ends.push(base + end);
      this.records.push(1);
      this.reached.push(++this.#accounted);
    }
    this.write(bytes, 0, last);
  }

  drop(records: number, cause: LossCause | 'filtered'): void {
    this.#checkCount(records);
    this.#accounted += records;
    this.dropped.set(cause, (this.dropped.get(cause) ?? 0) + records);
  }

  get #unitStart(): number {
    return this.ends.at(-1) ?? 0;
  }

  #checkCount(records: number): void {
    if (!Number.isSafeInteger(records) || records < 0)
      this.breaches.push(`${records} is no number of records`);
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#length + more, this.#bytes.length * 2));
    larger.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = larger;
  }
}
