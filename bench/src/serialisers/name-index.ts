import type { NameLookup } from '@camflow/api';

const keyWords = 8;

/** Names by identifier in open addressing, as the recorder keeps them. */
export class NameIndex implements NameLookup {
  readonly generation = 1;
  readonly #memory: Int32Array;
  readonly #names: Uint8Array[] = [];
  readonly #keys: Int32Array;
  readonly #slots: Int32Array;

  /** @param capacity - how many names there can be at most; @param memory - what identifiers are looked up in */
  constructor(memory: Uint8Array, capacity: number) {
    this.#memory = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >> 2);
    this.#slots = new Int32Array(2 ** Math.ceil(Math.log2(capacity * 2 + 1)));
    this.#keys = new Int32Array(capacity * keyWords);
  }

  /** Adds the name of the identifier at an offset of the memory, unless it has one. */
  add(offset: number, name: Uint8Array): void {
    const slot = this.#slotOf(offset >>> 2);
    if (this.#slots[slot] !== 0) return;
    const word = offset >>> 2;
    this.#keys.set(this.#memory.subarray(word, word + keyWords), this.#names.length * keyWords);
    this.#slots[slot] = this.#names.push(name);
  }

  find(_bytes: Uint8Array, offset: number): number {
    return this.#slots[this.#slotOf(offset >>> 2)]! - 1;
  }

  bytes(handle: number): Uint8Array {
    return this.#names[handle]!;
  }

  /** Where the identifier at a word is, or would be put. */
  #slotOf(word: number): number {
    const memory = this.#memory;
    const mask = this.#slots.length - 1;
    let hash = 0;
    for (let i = 0; i < keyWords; i++) hash = Math.imul(hash ^ memory[word + i]!, 0x9e3779b1);
    for (let slot = (hash ^ (hash >>> 15)) & mask; ; slot = (slot + 1) & mask) {
      const key = (this.#slots[slot]! - 1) * keyWords;
      if (key < 0) return slot;
      let i = 0;
      while (i < keyWords && this.#keys[key + i] === memory[word + i]) i++;
      if (i === keyWords) return slot;
    }
  }
}
