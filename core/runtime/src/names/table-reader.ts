import { findEntry, type Generation, generationsOf, hashKey, type SharedTable } from './shared-table.ts';

/** A worker's side of a {@link SharedTable}. A handle is the number of an entry over both generations. */
export class TableReader {
  readonly #table: SharedTable;
  readonly #generations: readonly [Generation, Generation];
  #generation = 0;

  constructor(table: SharedTable) {
    this.#table = table;
    this.#generations = generationsOf(table);
  }

  get generation(): number {
    return this.#generation;
  }

  /** From here on the young generation is that of this number. */
  enter(generation: number): void {
    this.#generation = generation;
  }

  /**
   * The handle of a key, or -1.
   * @param moment - the table looks as it did then
   */
  find(words: Int32Array, at: number, moment: number): number {
    const { keyWords, entries, seed } = this.#table;
    const hash = hashKey(seed, words, at, keyWords);
    const half = this.#generation & 1;
    const young = this.#findIn(this.#generations[half]!, hash, words, at, moment);
    if (young >= 0) return half * entries + young;
    if (this.#generation === 0) return -1;
    const old = this.#findIn(this.#generations[half ^ 1]!, hash, words, at, moment);
    return old >= 0 ? (half ^ 1) * entries + old : -1;
  }

  /** The text of a handle: a view of the shared memory. */
  text(handle: number): Uint8Array {
    const { entries } = this.#table;
    const generation = this.#generations[handle < entries ? 0 : 1]!;
    const entry = handle < entries ? handle : handle - entries;
    const start = generation.textStarts[entry]!;
    return generation.text.subarray(start, start + generation.textLengths[entry]!);
  }

  #findIn(generation: Generation, hash: number, words: Int32Array, at: number, moment: number): number {
    let entry = findEntry(generation, hash, words, at, this.#table.keyWords);
    if (entry < 0 || generation.moments[entry]! > moment) return -1;
    for (;;) {
      // What was known at the moment was linked before the batch was sent; only what is later may be missed here.
      if (generation.newer[entry] === 0) return entry;
      const next = Atomics.load(generation.newer, entry) - 1;
      if (generation.moments[next]! > moment) return entry;
      entry = next;
    }
  }
}
