import { createJsonTextWriter, maxEscapeBytes, type TextRules } from '../encode/json-text.ts';

/** Bytes of text that are kept; pages that are never written cost no memory. */
const arenaBytes = 8 << 20;

/** Texts that are kept. */
const mostTexts = 128 << 10;

/** Bytes that the writer of a text may reach beyond it. */
const slackBytes = 8;

/** A power of two. */
const recentSlots = 256;

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
 * Texts by number, kept as they go into JSON. One array holds them all; it is emptied where it is full and where
 * the numbers lose their meaning. Its size is fixed: the optimising compiler takes arrays that have never been
 * replaced for constants, and would have to compile all code again that uses them when one grows.
 */
export class RenderedTexts {
  readonly #maxTextBytes: number;
  readonly #rules: TextRules;
  readonly #load: (key: number) => Uint8Array;
  readonly #places = new Map<number, number>();
  // What was asked for lately, in front of the map.
  readonly #recentKeys: Float64Array = new Float64Array(recentSlots).fill(-1);
  readonly #recentPlaces: Int32Array = new Int32Array(recentSlots);
  readonly #starts: Int32Array = new Int32Array(mostTexts);
  readonly #lengths: Int32Array = new Int32Array(mostTexts);
  readonly #words: Int32Array;
  #used = 0;

  /**
   * @param maxTextBytes - most bytes that one rendered text may have
   * @param load - the text of a number, as raw bytes
   */
  constructor(maxTextBytes: number, rules: TextRules, load: (key: number) => Uint8Array) {
    this.#maxTextBytes = maxTextBytes;
    this.#words = new Int32Array((arenaBytes + maxTextBytes) >> 2);
    this.#rules = rules;
    this.#load = load;
  }

  /** Forgets everything. */
  clear(): void {
    this.#places.clear();
    this.#recentKeys.fill(-1);
    this.#used = 0;
  }

  /** Finds or renders a text; returns its place, good for {@link length} and {@link copy} until the next call. */
  place(key: number): number {
    const slot = key & (recentSlots - 1);
    if (this.#recentKeys[slot] === key) return this.#recentPlaces[slot]!;
    const place = this.#places.get(key) ?? this.#render(key);
    this.#recentKeys[slot] = key;
    this.#recentPlaces[slot] = place;
    return place;
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
    const most = raw.length * maxEscapeBytes + slackBytes;
    if (this.#places.size === mostTexts || this.#used * 4 + most > this.#words.byteLength) this.clear();
    if (most > this.#words.byteLength) throw new TextTooLong(most);
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
}
