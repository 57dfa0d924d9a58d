/** The sixteen digits. */
export const hexDigits: Uint8Array = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));

/** Both digits of every byte, as they stand in memory. */
export const hexPairs: Uint16Array = Uint16Array.from(
  { length: 256 },
  (_, byte) => hexDigits[byte >> 4]! | (hexDigits[byte & 15]! << 8),
);

/** Writes integers in lower-case hexadecimal without leading zeros; returns where the text ends. */
export interface HexWriter {
  u32(p: number, value: number): number;
  u64(p: number, low: number, high: number): number;
}

/** Makes writers into a buffer. Refers to nothing but its parameters (see `freshCopy`). */
export function createHexWriter(hexDigits: Uint8Array, out: DataView): HexWriter {
  function digits(p: number, value: number, count: number): number {
    for (let i = 0, shift = count * 4 - 4; i < count; i++, shift -= 4) {
      out.setUint8(p + i, hexDigits[(value >>> shift) & 15]!);
    }
    return p + count;
  }

  function u32(p: number, value: number): number {
    if (value >>> 0 < 16) {
      out.setUint8(p, hexDigits[value]!);
      return p + 1;
    }
    return digits(p, value, 8 - (Math.clz32(value) >> 2));
  }

  function u64(p: number, low: number, high: number): number {
    return high === 0 ? u32(p, low) : digits(u32(p, high), low, 8);
  }

  return { u32, u64 };
}
