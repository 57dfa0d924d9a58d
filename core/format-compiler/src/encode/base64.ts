const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

/**
 * Two characters for every 12 bits, indexed as the bits lie in a little-endian word, so that no byte needs
 * swapping.
 */
export interface Base64Tables {
  /** By the first byte of three and the upper half of the second. */
  readonly first: Uint16Array;
  /** By the lower half of the second byte and the third. */
  readonly second: Uint16Array;
}

/** The tables that {@link createBase64Writer} takes. */
export const base64Tables: Base64Tables = createTables();

function createTables(): Base64Tables {
  const first = new Uint16Array(4096);
  const second = new Uint16Array(4096);
  for (let bits = 0; bits < 4096; bits++) {
    const pair = alphabet.charCodeAt(bits >> 6) | (alphabet.charCodeAt(bits & 63) << 8);
    first[(bits >> 4) | ((bits & 15) << 8)] = pair;
    second[(bits >> 8) | ((bits & 255) << 4)] = pair;
  }
  return { first, second };
}

/** Writes base64. */
export interface Base64Writer {
  /** Writes the 44 characters of the 32 bytes at a word of the input. */
  identifier(p: number, word: number): void;
  /** Writes characters 8 to 43 of an identifier: all but its first six bytes, which its type fixes. */
  identifierTail(p: number, word: number): void;
  /** Writes bytes of any number, from a word of the input on; returns where the text ends. */
  bytes(p: number, word: number, length: number): number;
}

/** Makes writers from the words of the input into a buffer. Refers to nothing but its parameters (see `freshCopy`). */
export function createBase64Writer(tables: Base64Tables, words: Int32Array, out: DataView): Base64Writer {
  const { first, second } = tables;
  const padding = 0x3d00_0000;
  const twoPaddings = 0x3d3d_0000;

  /** The four characters of the three bytes in the lower 24 bits of a word. */
  function quartet(bytes: number): number {
    return (
      first[(bytes & 0xff) | ((bytes >>> 4) & 0xf00)]! |
      (second[((bytes >>> 8) & 0xf) | ((bytes >>> 12) & 0xff0)]! << 16)
    );
  }

  // Characters 16 to 31 say boot and machine, and the upper half of a number that is rarely large.
  let [number, boot, machine] = [0, 0, 0];
  const middle = new Int32Array(4);
  const middlePairs = new Float64Array(middle.buffer);
  keepMiddle(0, 0, 0);

  function keepMiddle(w3: number, w4: number, w5: number): void {
    middle[0] = quartet(w3);
    middle[1] = quartet((w3 >>> 24) | (w4 << 8));
    middle[2] = quartet((w4 >>> 16) | (w5 << 16));
    middle[3] = quartet(w5 >>> 8);
    number = w3;
    boot = w4;
    machine = w5;
  }

  function identifierTail(p: number, word: number): void {
    const w2 = words[word + 2]!;
    const w3 = words[word + 3]!;
    const w4 = words[word + 4]!;
    const w5 = words[word + 5]!;
    const w6 = words[word + 6]!;
    const w7 = words[word + 7]!;
    if (w3 !== number || w4 !== boot || w5 !== machine) keepMiddle(w3, w4, w5);
    out.setInt32(p, quartet((words[word + 1]! >>> 16) | (w2 << 16)), true);
    out.setInt32(p + 4, quartet(w2 >>> 8), true);
    out.setFloat64(p + 8, middlePairs[0]!, true);
    out.setFloat64(p + 16, middlePairs[1]!, true);
    out.setInt32(p + 24, quartet(w6), true);
    if (w6 >>> 24 === 0 && w7 === 0) {
      // AAAAAAA=
      out.setInt32(p + 28, 0x4141_4141, true);
      out.setInt32(p + 32, 0x3d41_4141, true);
    } else {
      out.setInt32(p + 28, quartet((w6 >>> 24) | (w7 << 8)), true);
      out.setInt32(p + 32, (quartet(w7 >>> 16) & 0xff_ffff) | padding, true);
    }
  }

  function identifier(p: number, word: number): void {
    const w0 = words[word]!;
    out.setInt32(p, quartet(w0), true);
    out.setInt32(p + 4, quartet((w0 >>> 24) | (words[word + 1]! << 8)), true);
    identifierTail(p + 8, word);
  }

  function bytes(p: number, word: number, length: number): number {
    let at = p;
    let left = length;
    let w = word;
    for (; left >= 12; left -= 12, at += 16, w += 3) {
      const a = words[w]!;
      const b = words[w + 1]!;
      const c = words[w + 2]!;
      out.setInt32(at, quartet(a), true);
      out.setInt32(at + 4, quartet((a >>> 24) | (b << 8)), true);
      out.setInt32(at + 8, quartet((b >>> 16) | (c << 16)), true);
      out.setInt32(at + 12, quartet(c >>> 8), true);
    }
    for (let byte = w << 2; left > 0; left -= 3, at += 4, byte += 3) {
      // The last group may have fewer than three bytes: those after it are masked out.
      const low = words[byte >> 2]! >>> ((byte & 3) << 3);
      const group = (byte & 3) < 2 ? low : low | (words[(byte >> 2) + 1]! << (32 - ((byte & 3) << 3)));
      if (left >= 3) out.setInt32(at, quartet(group), true);
      else if (left === 2) out.setInt32(at, (quartet(group & 0xffff) & 0xff_ffff) | padding, true);
      else out.setInt32(at, (quartet(group & 0xff) & 0xffff) | twoPaddings, true);
    }
    return at;
  }

  return { identifier, identifierTail, bytes };
}
