/** Which identifiers a document holds: a hash table of where in the memory they stand. */
export class IdentifierSet {
  readonly #words: Int32Array;
  readonly #slots: Int32Array;
  readonly #mask: number;

  /**
   * @param words - the memory that identifiers stand in; it must not change while they are in the set
   * @param capacity - how many identifiers there can be at most
   */
  constructor(words: Int32Array, capacity: number) {
    this.#words = words;
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2)));
    this.#mask = this.#slots.length - 1;
  }

  /** Forgets everything. */
  clear(): void {
    this.#slots.fill(0);
  }

  /**
   * Adds the identifier at a word of the memory.
   * @returns false where an equal one is there already
   */
  add(word: number): boolean {
    const words = this.#words;
    const slots = this.#slots;
    let slot = this.#hash(word);
    for (;;) {
      const other = slots[slot]! - 1;
      if (other < 0) {
        slots[slot] = word + 1;
        return true;
      }
      let i = 0;
      while (i < 8 && words[other + i] === words[word + i]) i++;
      if (i === 8) return false;
      slot = (slot + 1) & this.#mask;
    }
  }

  #hash(word: number): number {
    const words = this.#words;
    const mixed =
      Math.imul(words[word]! ^ words[word + 2]!, 0x9e3779b1) ^
      Math.imul(words[word + 3]! ^ words[word + 6]!, 0x85ebca6b) ^
      Math.imul(words[word + 5]! ^ words[word + 7]!, 0xc2b2ae35) ^
      Math.imul(words[word + 1]! ^ words[word + 4]!, 0x27d4eb2f);
    return (mixed ^ (mixed >>> 15)) & this.#mask;
  }
}
