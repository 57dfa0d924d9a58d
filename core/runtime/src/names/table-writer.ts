import { findEntry, type Generation, generationsOf, hashKey, type SharedTable } from './shared-table.ts';

/** A text among other bytes: a view of each would cost more than taking it in. */
export interface TextPlace {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** The main thread's side of a {@link SharedTable}. */
export class TableWriter {
  readonly #table: SharedTable;
  readonly #generations: readonly [Generation, Generation];
  /** Entries and bytes of text used in the young generation. */
  #entries = 0;
  #textBytes = 0;
  /** Keys in each generation, and those of the old one that are in the young one too. */
  #youngKeys = 0;
  #oldKeys = 0;
  #sharedKeys = 0;
  #evicted = 0;
  #generation = 0;

  constructor(table: SharedTable) {
    this.#table = table;
    this.#generations = generationsOf(table);
  }

  /** Number of the young generation. Goes up when handles lose their meaning. */
  get generation(): number {
    return this.#generation;
  }

  /** Distinct keys that can be found. */
  get known(): number {
    return this.#youngKeys + this.#oldKeys - this.#sharedKeys;
  }

  /** Keys that were dropped for want of room. */
  get evicted(): number {
    return this.#evicted;
  }

  /**
   * Makes a text known from a moment on.
   * @returns `same` where nothing changed, `full` where {@link rotate} must come first
   */
  insert(words: Int32Array, at: number, text: TextPlace, moment: number): 'same' | 'added' | 'full' {
    const { keyWords, entries, textBytes, seed } = this.#table;
    const length = text.end - text.start;
    const young = this.#young();
    const hash = hashKey(seed, words, at, keyWords);
    const found = findEntry(young, hash, words, at, keyWords);
    const latest = found < 0 ? -1 : latestVersion(young, found);
    if (latest >= 0 && sameText(young, latest, text)) return 'same';
    if (this.#entries === entries || this.#textBytes + length > textBytes) return 'full';

    const entry = this.#entries++;
    for (let i = 0; i < keyWords; i++) young.keys[entry * keyWords + i] = words[at + i]!;
    young.moments[entry] = moment;
    young.textStarts[entry] = this.#textBytes;
    young.textLengths[entry] = length;
    for (let i = 0; i < length; i++) young.text[this.#textBytes + i] = text.bytes[text.start + i]!;
    this.#textBytes += length;
    if (latest >= 0) {
      Atomics.store(young.newer, latest, entry + 1);
      return 'added';
    }
    Atomics.store(young.slots, -1 - found, entry + 1);
    this.#youngKeys++;
    const old = this.#generations[(this.#generation + 1) & 1]!;
    const before = findEntry(old, hash, words, at, keyWords);
    if (before < 0) return 'added';
    this.#sharedKeys++;
    return sameText(old, latestVersion(old, before), text) ? 'same' : 'added';
  }

  /** Drops the old generation and starts a new one. Only while no worker reads the table. */
  rotate(): void {
    this.#evicted += this.#oldKeys - this.#sharedKeys;
    this.#oldKeys = this.#youngKeys;
    this.#generation++;
    const young = this.#young();
    young.slots.fill(0);
    young.newer.fill(0);
    this.#entries = 0;
    this.#textBytes = 0;
    this.#youngKeys = 0;
    this.#sharedKeys = 0;
  }

  #young(): Generation {
    return this.#generations[this.#generation & 1]!;
  }
}

function latestVersion(generation: Generation, entry: number): number {
  let latest = entry;
  for (let next = generation.newer[latest]!; next !== 0; next = generation.newer[latest]!) latest = next - 1;
  return latest;
}

function sameText(generation: Generation, entry: number, { bytes, start, end }: TextPlace): boolean {
  if (generation.textLengths[entry] !== end - start) return false;
  let at = generation.textStarts[entry]!;
  for (let i = start; i < end; i++, at++) if (generation.text[at] !== bytes[i]) return false;
  return true;
}
