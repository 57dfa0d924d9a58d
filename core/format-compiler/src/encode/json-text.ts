import { hexPairs } from './hexadecimal.ts';
import { escapeOf, type InvalidUtf8, type Utf8Rule, utf8Rule } from './utf8.ts';

/** Bytes that one byte of text can become at most: `\u00XX`. */
export const maxEscapeBytes = 6;

const shortEscapes: ReadonlyMap<number, string> = new Map([
  [0x08, 'b'],
  [0x09, 't'],
  [0x0a, 'n'],
  [0x0c, 'f'],
  [0x0d, 'r'],
  [0x22, '"'],
  [0x5c, '\\'],
]);
/** How bytes of text are treated. */
export interface TextRules {
  /** For every byte: 0 where it stands for itself, 1 where it needs `\u00XX` or is not ASCII, else the character after `\`. */
  readonly treatment: Uint8Array;
  /** Both hexadecimal digits of every byte. */
  readonly hexPairs: Uint16Array;
  readonly rule: Utf8Rule;
  /** The three bytes that stand for a stretch which is not UTF-8. */
  readonly escapeOf: (byte: number) => number;
}

const treatment = Uint8Array.from({ length: 256 }, (_, byte) => {
  const short = shortEscapes.get(byte);
  return short !== undefined ? short.charCodeAt(0) : byte < 0x20 || byte >= 0x80 ? 1 : 0;
});

/** The rules that {@link createJsonTextWriter} takes. */
export function textRules(invalid: InvalidUtf8): TextRules {
  return { treatment, hexPairs, rule: utf8Rule(invalid), escapeOf: (byte) => escapeOf(invalid, byte) };
}

/**
 * Writes text as the inside of a JSON string.
 * @param p - where to write
 * @param start - first byte of the text in the input
 * @param limit - byte after the array that holds the text, which ends at its first NUL or there
 * @returns where the text ends
 */
export type JsonTextWriter = (p: number, start: number, limit: number) => number;

/**
 * Makes a writer. Text is copied four bytes at a time as long as nothing needs escaping. Refers to nothing but its
 * parameters (see `freshCopy`).
 * @param input - what to read; must start at a multiple of 4 bytes of its buffer
 * @param stopAtNul - whether text ends at its first NUL; otherwise a NUL is escaped like other control characters
 */
export function createJsonTextWriter(
  rules: TextRules,
  input: Uint8Array,
  out: DataView,
  stopAtNul: boolean,
): JsonTextWriter {
  const { treatment, hexPairs, rule, escapeOf } = rules;
  const words = new Int32Array(input.buffer, input.byteOffset, input.byteLength >> 2);

  let written = 0;
  /** Writes a character that is neither plain nor has a short escape; returns how many bytes of input it took. */
  function special(p: number, at: number, limit: number): number {
    const byte = input[at]!;
    if (byte < 0x20) {
      out.setInt32(p, 0x3030_755c, true);
      out.setInt16(p + 4, hexPairs[byte]!, true);
      written = 6;
      return 1;
    }
    const length = rule(input, at, limit);
    if (length < 0) {
      out.setInt32(p, escapeOf(byte), true);
      written = 3;
      return -length;
    }
    for (let i = 0; i < length; i++) out.setUint8(p + i, input[at + i]!);
    written = length;
    return length;
  }

  return (start, from, limit) => {
    let p = start;
    let at = from;
    while (at < limit) {
      if ((at & 3) === 0) {
        for (; at + 4 <= limit; at += 4, p += 4) {
          const four = words[at >> 2]!;
          const quote = (four ^ 0x2222_2222) - 0x0101_0101;
          const backslash = (four ^ 0x5c5c_5c5c) - 0x0101_0101;
          // The top bit of a byte comes up where that byte is below 0x20, above 0x7f, a quote or a backslash.
          if (((four | (four - 0x2020_2020) | quote | backslash) & 0x8080_8080) !== 0) break;
          out.setInt32(p, four, true);
        }
        if (at >= limit) break;
      }
      const byte = input[at]!;
      if (byte === 0 && stopAtNul) break;
      const how = treatment[byte]!;
      if (how === 0) {
        out.setUint8(p++, byte);
        at++;
      } else if (how === 1) {
        at += special(p, at, limit);
        p += written;
      } else {
        out.setInt16(p, 0x5c | (how << 8), true);
        p += 2;
        at++;
      }
    }
    return p;
  };
}
