const paddedDigits = new Int32Array(10_000);
const leadingDigits = new Int32Array(10_000);
const digitCounts = new Uint8Array(10_000);
for (let value = 0; value < 10_000; value++) {
  const view = new DataView(new ArrayBuffer(8));
  const digits = String(value);
  for (let i = 0; i < 4; i++) {
    view.setUint8(i, digits.padStart(4, '0').charCodeAt(i));
    if (i < digits.length) view.setUint8(4 + i, digits.charCodeAt(i));
  }
  paddedDigits[value] = view.getInt32(0, true);
  leadingDigits[value] = view.getInt32(4, true);
  digitCounts[value] = digits.length;
}

/** Writes integers in decimal. Every function writes at `p`, up to 3 bytes more than it reports, and returns where the text ends. */
export interface DecimalWriter {
  u32(p: number, value: number): number;
  /** @param low - lower 32 bits; @param high - upper 32 bits; signed or not */
  u64(p: number, low: number, high: number): number;
  i64(p: number, low: number, high: number): number;
}

/** Makes writers into a buffer. */
export function createDecimalWriter(out: DataView): DecimalWriter {
  function u32(p: number, value: number): number {
    const rest = value >>> 0;
    if (rest < 10_000) {
      out.setInt32(p, leadingDigits[rest]!, true);
      return p + digitCounts[rest]!;
    }
    const upper = (rest / 10_000) >>> 0;
    const lower = rest - upper * 10_000;
    if (upper < 10_000) {
      out.setInt32(p, leadingDigits[upper]!, true);
      const q = p + digitCounts[upper]!;
      out.setInt32(q, paddedDigits[lower]!, true);
      return q + 4;
    }
    const top = (upper / 10_000) >>> 0;
    out.setInt32(p, leadingDigits[top]!, true);
    const q = p + digitCounts[top]!;
    out.setInt32(q, paddedDigits[upper - top * 10_000]!, true);
    out.setInt32(q + 4, paddedDigits[lower]!, true);
    return q + 8;
  }

  function eightDigits(p: number, value: number): number {
    const upper = (value / 10_000) >>> 0;
    out.setInt32(p, paddedDigits[upper]!, true);
    out.setInt32(p + 4, paddedDigits[value - upper * 10_000]!, true);
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
    out.setInt32(q, paddedDigits[dividend - quotientLow * 10_000]!, true);
    return q + 4;
  }

  function i64(p: number, low: number, high: number): number {
    if (high >= 0) return u64(p, low, high);
    out.setUint8(p, 0x2d);
    return low === 0 ? u64(p + 1, 0, -high | 0) : u64(p + 1, -low | 0, ~high);
  }

  return { u32, u64, i64 };
}
