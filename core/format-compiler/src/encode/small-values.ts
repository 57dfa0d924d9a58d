import type { DecimalWriter } from './decimal.ts';

/** Writes values of a few bytes; each function returns where the text ends. */
export interface SmallValueWriter {
  /** 16 bytes as 8-4-4-4-12 hexadecimal digits, 36 characters. */
  uuid(p: number, at: number): number;
  /** `a.b.c.d:port`, from four address bytes and two port bytes in network order. */
  endpoint(p: number, address: number, port: number): number;
  /** `[address]:port`, from sixteen address bytes and two port bytes in network order; RFC 5952's form. */
  endpoint6(p: number, address: number, port: number): number;
  /** `true` or `false`. */
  boolean(p: number, value: boolean): number;
}

/**
 * Makes writers from the bytes of the input into a buffer. Refers to nothing but its parameters (see `freshCopy`).
 * @param hexPairs - both digits of every byte
 */
export function createSmallValueWriter(
  hexPairs: Uint16Array,
  input: Uint8Array,
  out: DataView,
  decimal: DecimalWriter,
): SmallValueWriter {
  const hyphen = 0x2d;
  const dot = 0x2e;
  const colon = 0x3a;
  const openBracket = 0x5b;
  const closeBracket = 0x5d;

  function fourDigits(p: number, at: number): void {
    out.setInt32(p, hexPairs[input[at]!]! | (hexPairs[input[at + 1]!]! << 16), true);
  }

  function uuid(p: number, at: number): number {
    fourDigits(p, at);
    fourDigits(p + 4, at + 2);
    out.setUint8(p + 8, hyphen);
    fourDigits(p + 9, at + 4);
    out.setUint8(p + 13, hyphen);
    fourDigits(p + 14, at + 6);
    out.setUint8(p + 18, hyphen);
    fourDigits(p + 19, at + 8);
    out.setUint8(p + 23, hyphen);
    fourDigits(p + 24, at + 10);
    fourDigits(p + 28, at + 12);
    fourDigits(p + 32, at + 14);
    return p + 36;
  }

  function endpoint(p: number, address: number, port: number): number {
    let q = decimal.u32(p, input[address]!);
    for (let i = 1; i < 4; i++) {
      out.setUint8(q, dot);
      q = decimal.u32(q + 1, input[address + i]!);
    }
    out.setUint8(q, colon);
    return decimal.u32(q + 1, (input[port]! << 8) | input[port + 1]!);
  }

  function endpoint6(p: number, address: number, port: number): number {
    const group = (i: number): number => (input[address + 2 * i]! << 8) | input[address + 2 * i + 1]!;
    // The first of the longest runs of zeros is left out, where it is longer than one.
    let start = -1;
    let length = 1;
    for (let i = 0; i < 8; i++) {
      let end = i;
      while (end < 8 && group(end) === 0) end++;
      if (end - i > length) {
        start = i;
        length = end - i;
      }
      if (end > i) i = end - 1;
    }
    let q = p;
    out.setUint8(q++, openBracket);
    for (let i = 0; i < 8; i++) {
      if (i === start) {
        if (i === 0) out.setUint8(q++, colon);
        out.setUint8(q++, colon);
        i += length - 1;
        continue;
      }
      const value = group(i);
      let shift = 12;
      while (shift > 0 && value >>> shift === 0) shift -= 4;
      for (; shift >= 0; shift -= 4) {
        const digit = (value >>> shift) & 15;
        out.setUint8(q++, digit < 10 ? 0x30 + digit : 0x57 + digit);
      }
      if (i < 7) out.setUint8(q++, colon);
    }
    out.setUint8(q, closeBracket);
    out.setUint8(q + 1, colon);
    return decimal.u32(q + 2, (input[port]! << 8) | input[port + 1]!);
  }

  function boolean(p: number, value: boolean): number {
    out.setInt32(p, value ? 0x6575_7274 : 0x736c_6166, true);
    if (value) return p + 4;
    out.setUint8(p + 4, 0x65);
    return p + 5;
  }

  return { uuid, endpoint, endpoint6, boolean };
}
