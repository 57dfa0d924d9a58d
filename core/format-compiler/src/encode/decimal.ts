/** Digits of the numbers below 10,000, as four characters in a little-endian word. */
export interface DecimalTables {
  /** With zeros in front. */
  readonly padded: Int32Array;
  /** Without; what follows the digits is undefined. */
  readonly leading: Int32Array;
  /** How many digits the number has. */
  readonly counts: Uint8Array;
}

/** The tables that {@link createDecimalWriter} takes. */
export const decimalTables: DecimalTables = createTables();

function createTables(): DecimalTables {
  const padded = new Int32Array(10_000);
  const leading = new Int32Array(10_000);
  const counts = new Uint8Array(10_000);
  // Every worker makes these when it starts: strings of each number would take longer than all the rest.
  for (let value = 0; value < 10_000; value++) {
    const thousands = (value / 1000) | 0;
    const hundreds = ((value / 100) | 0) % 10;
    const tens = ((value / 10) | 0) % 10;
    const word = 0x3030_3030 | thousands | (hundreds << 8) | (tens << 16) | ((value % 10) << 24);
    const count = value < 10 ? 1 : value < 100 ? 2 : value < 1000 ? 3 : 4;
    padded[value] = word;
    leading[value] = word >>> (8 * (4 - count));
    counts[value] = count;
  }
  return { padded, leading, counts };
}

/** Writes integers in decimal. Every function writes at `p`, up to 3 bytes more than it reports, and returns where the text ends. */
export interface DecimalWriter {
  u32(p: number, value: number): number;
  /** @param low - lower 32 bits; @param high - upper 32 bits; signed or not */
  u64(p: number, low: number, high: number): number;
  i64(p: number, low: number, high: number): number;
}

/** Makes writers into a buffer. Refers to nothing but its parameters (see `freshCopy`). */
export function createDecimalWriter(tables: DecimalTables, out: DataView): DecimalWriter {
  const { padded, leading, counts } = tables;

  function u32(p: number, value: number): number {
    const rest = value >>> 0;
    if (rest < 10_000) {
      out.setInt32(p, leading[rest]!, true);
      return p + counts[rest]!;
    }
    const upper = (rest / 10_000) >>> 0;
    const lower = rest - upper * 10_000;
    if (upper < 10_000) {
      out.setInt32(p, leading[upper]!, true);
      const q = p + counts[upper]!;
      out.setInt32(q, padded[lower]!, true);
      return q + 4;
    }
    const top = (upper / 10_000) >>> 0;
    out.setInt32(p, leading[top]!, true);
    const q = p + counts[top]!;
    out.setInt32(q, padded[upper - top * 10_000]!, true);
    out.setInt32(q + 4, padded[lower]!, true);
    return q + 8;
  }

  function eightDigits(p: number, value: number): number {
    const upper = (value / 10_000) >>> 0;
    out.setInt32(p, padded[upper]!, true);
    out.setInt32(p + 4, padded[value - upper * 10_000]!, true);
    return p + 8;
  }

  /** A whole number below 2^53. */
  function whole(p: number, value: number): number {
    if (value < 0x1_0000_0000) return u32(p, value);
    const upper = Math.floor(value / 100_000_000);
    return eightDigits(u32(p, upper), value - upper * 100_000_000);
  }

  function u64(p: number, low: number, high: number): number {
    if (high === 0) return u32(p, low);
    const upper = high >>> 0;
    if (upper < 0x20_0000) return whole(p, upper * 0x1_0000_0000 + (low >>> 0));
    // Long division by 10,000 keeps every step below 2^53, and its quotient too.
    const quotientHigh = Math.floor(upper / 10_000);
    const dividend = (upper - quotientHigh * 10_000) * 0x1_0000_0000 + (low >>> 0);
    const quotientLow = Math.floor(dividend / 10_000);
    const q = whole(p, quotientHigh * 0x1_0000_0000 + quotientLow);
    out.setInt32(q, padded[dividend - quotientLow * 10_000]!, true);
    return q + 4;
  }

  function i64(p: number, low: number, high: number): number {
    if (high >= 0) return u64(p, low, high);
    out.setUint8(p, 0x2d);
    return low === 0 ? u64(p + 1, 0, -high | 0) : u64(p + 1, -low | 0, ~high);
  }

  return { u32, u64, i64 };
}
