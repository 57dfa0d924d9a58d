import { sequenceLength } from '@camflow/api';

/** What becomes of bytes that are not UTF-8: the reversible rule of `decodeText`, or U+FFFD. */
export type InvalidUtf8 = 'escape' | 'replace';

/**
 * Length of the character that starts at a byte and ends before `limit`; negative for the length of a stretch
 * that is not one and is to be written as one escape.
 */
export type Utf8Rule = (bytes: Uint8Array, at: number, limit: number) => number;

/** Every byte that is not part of a character, and every character of the escape range, on its own. */
const escapeRule: Utf8Rule = (bytes, at, limit) => {
  const length = sequenceLength(bytes, at);
  return length === 0 || at + length > limit ? -1 : length;
};

/** As the WHATWG decoder counts: one replacement for the longest stretch that starts like a character. */
const replaceRule: Utf8Rule = (bytes, at, limit) => {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const length = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4) return -1;
  let low = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  let high = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  for (let i = 1; i < length; i++) {
    const byte = at + i < limit ? bytes[at + i]! : 0;
    if (byte < low || byte > high) return -i;
    low = 0x80;
    high = 0xbf;
  }
  return length;
};

/** The rule of a choice. */
export function utf8Rule(invalid: InvalidUtf8): Utf8Rule {
  return invalid === 'escape' ? escapeRule : replaceRule;
}

/** The three UTF-8 bytes, as a little-endian word, that stand for a stretch which is not UTF-8. */
export function escapeOf(invalid: InvalidUtf8, byte: number): number {
  const character = invalid === 'escape' ? 0xef00 | byte : 0xfffd;
  return (
    0xe0 | (character >> 12) | ((0x80 | ((character >> 6) & 0x3f)) << 8) | ((0x80 | (character & 0x3f)) << 16)
  );
}
