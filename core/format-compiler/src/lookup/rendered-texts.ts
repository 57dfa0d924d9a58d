import { createJsonTextWriter, maxEscapeBytes, type TextRules } from '../encode/json-text.ts';

/** Bytes after which a cache starts again from nothing. */
const arenaLimit = 8 << 20;

/** Thrown inside a record where a text needs more room than the output was laid out for. */
export class TextTooLong extends Error {
  /** Bytes that would be needed. */
  readonly needed: number;

  constructor(needed: number) {
    super(`a text of ${needed} bytes does not fit the output buffer`);
    this.needed = needed;
  }
}

/**
 * Texts by number, kept as they go into JSON. One growing array holds them all; it is emptied where it has
 * grown too large and where the numbers lose their meaning.
 */
export class RenderedTexts {
  readonly #maxTextBytes: number;
  readonly #rules: TextRules;
  readonly #load: (key: number) => Uint8Array;
  readonly #places = new Map<number, number>();
  #starts: Int32Array = new Int32Array(1024);
  #lengths: Int32Array = new Int32Array(1024);
  #words: Int32Array = new Int32Array(16 << 10);
  #used = 0;

  /**
   * @param maxTextBytes - most bytes that one rendered text may have
   * @param load - the text of a number, as raw bytes
   */
  constructor(maxTextBytes: number, rules: TextRules, load: (key: number) => Uint8Array) {
    this.#maxTextBytes = maxTextBytes;
    this.#rules = rules;
    this.#load = load;
  }

  /** Forgets everything. */
  clear(): void {
    this.#places.clear();
    this.#used = 0;
  }

  /** Finds or renders a text; returns its place, good for {@link length} and {@link copy} until the next call. */
  place(key: number): number {
    return this.#places.get(key) ?? this.#render(key);
  }

  /** Bytes of the text at a place. */
  length(place: number): number {
    return this.#lengths[place]!;
  }

  /** Writes the text at a place; returns where it ends. */
  copy(place: number, out: DataView, p: number): number {
    const words = this.#words;
    const start = this.#starts[place]!;
    const length = this.#lengths[place]!;
    for (let word = start, at = p; at < p + length; word++, at += 4) out.setInt32(at, words[word]!, true);
    return p + length;
  }

  #render(key: number): number {
    const raw = this.#load(key);
    const most = raw.length * maxEscapeBytes;
    if (this.#used * 4 > arenaLimit) this.clear();
    this.#reserve(this.#used * 4 + most + 8);
    const input = new Uint8Array((raw.length + 3) & ~3);
    input.set(raw);
    const start = this.#used;
    const out = new DataView(this.#words.buffer);
    const end = createJsonTextWriter(this.#rules, input, out, false)(start * 4, 0, raw.length);
    const length = end - start * 4;
    if (length > this.#maxTextBytes) throw new TextTooLong(length);
    const place = this.#places.size;
    this.#starts[place] = start;
    this.#lengths[place] = length;
    this.#places.set(key, place);
    this.#used = (end + 3) >> 2;
    return place;
  }

  #reserve(bytes: number): void {
    if (bytes > this.#words.byteLength) {
      const larger = new Int32Array(Math.max(bytes, this.#words.byteLength * 2) >> 2);
      larger.set(this.#words);
      this.#words = larger;
    }
    if (this.#places.size === this.#starts.length) {
      this.#starts = grown(this.#starts);
      this.#lengths = grown(this.#lengths);
    }
  }
}

function grown(array: Int32Array): Int32Array {
  const larger = new Int32Array(array.length * 2);
  larger.set(array);
  return larger;
}
