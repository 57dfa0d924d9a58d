import type { UnitWriter } from '@camflow/api';

/** Takes bytes as a run does, by copying them, and forgets them. */
export class NullWriter implements UnitWriter {
  /** Bytes taken so far. */
  bytes = 0;
  /** Records taken so far. */
  records = 0;
  readonly #buffer: Buffer = Buffer.alloc(1 << 20);

  write(bytes: Uint8Array, start: number = 0, end: number = bytes.length): void {
    this.#buffer.set(bytes.subarray(start, end));
    this.bytes += end - start;
  }

  writeText(text: string): void {
    this.bytes += this.#buffer.write(text);
  }

  endUnit(records: number): void {
    this.records += records;
  }

  writeUnits(bytes: Uint8Array, ends: Uint32Array, count: number): void {
    this.write(bytes, 0, ends[count - 1] ?? 0);
    this.records += count;
  }

  drop(): void {}
}
