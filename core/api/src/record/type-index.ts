import { recordTypes } from './record-types.ts';

/**
 * Maps the two 32-bit halves of a type code to the index of its record type without allocating: the upper half
 * must be a known class word, the lower half exactly one bit.
 */
export class TypeIndex {
  readonly #byClassWord: (Uint8Array | undefined)[] = new Array(0x10000);

  constructor() {
    for (const type of recordTypes) {
      const classWord = Number(type.code >> 48n);
      const bit = (type.code & 0xffff_ffff_ffffn).toString(2).length - 1;
      const row = this.#byClassWord[classWord] ?? new Uint8Array(48);
      this.#byClassWord[classWord] = row;
      row[bit] = type.index;
    }
  }

  /**
   * @param low - lower 32 bits of the type code, signed or unsigned
   * @param high - upper 32 bits of the type code, signed or unsigned
   * @returns the index of the record type, or 0 if there is no such type
   */
  of(low: number, high: number): number {
    const row = this.#byClassWord[high >>> 16];
    if (row === undefined) return 0;
    const extension = high & 0xffff;
    if (extension !== 0) {
      if (low !== 0 || (extension & (extension - 1)) !== 0) return 0;
      return row[63 - Math.clz32(extension)] ?? 0;
    }
    if (low === 0 || (low & (low - 1)) !== 0) return 0;
    return row[31 - Math.clz32(low)] ?? 0;
  }
}
