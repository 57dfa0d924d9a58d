/**
 * Text in records is bytes: the kernel promises no encoding. Valid UTF-8 is kept. Every byte that is not part
 * of valid UTF-8 becomes one character of a private range, U+EF80 to U+EFFF, whose low eight bits are the byte
 * (such a byte is always 0x80 or above). The characters of that range themselves, should they occur, are
 * treated as invalid bytes, so the rule can be undone: {@link encodeText} is the exact inverse.
 */
const escapeBase = 0xef00;
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Decodes bytes to text by the rule above. Every input has a distinct output. */
export function decodeText(bytes: Uint8Array): string {
  // TextDecoder refuses views of shared memory.
  const copy = bytes.buffer instanceof SharedArrayBuffer ? bytes.slice() : bytes;
  try {
    const text = strict.decode(copy);
    if (!/[\uef80-\uefff]/.test(text)) return text;
  } catch {
    // not UTF-8 throughout
  }
  let text = '';
  for (let at = 0; at < copy.length; ) {
    const length = sequenceLength(copy, at);
    if (length === 0) {
      text += String.fromCharCode(escapeBase | copy[at]!);
      at++;
    } else {
      text += strict.decode(copy.subarray(at, at + length));
      at += length;
    }
  }
  return text;
}

/** Undoes {@link decodeText}. */
export function encodeText(text: string): Uint8Array {
  const parts: Uint8Array[] = [];
  const encoder = new TextEncoder();
  for (const part of text.split(/([\uef80-\uefff]+)/)) {
    if (part === '') continue;
    const first = part.charCodeAt(0);
    if (first >= 0xef80 && first <= 0xefff) parts.push(Uint8Array.from(part, (c) => c.charCodeAt(0) & 0xff));
    else parts.push(encoder.encode(part));
  }
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/**
 * Length of the UTF-8 sequence that starts at a byte, or 0 where that byte must be escaped: it is not valid
 * UTF-8, or the sequence is a character of the escape range.
 */
export function sequenceLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at]!;
  if (lead < 0x80) return 1;
  const second = bytes[at + 1] ?? 0;
  if (lead >= 0xc2 && lead <= 0xdf) return isContinuation(second) ? 2 : 0;
  const third = bytes[at + 2] ?? 0;
  if (lead >= 0xe0 && lead <= 0xef) {
    const low = lead === 0xe0 ? 0xa0 : 0x80;
    const high = lead === 0xed ? 0x9f : 0xbf;
    if (second < low || second > high || !isContinuation(third)) return 0;
    return lead === 0xee && second >= 0xbe ? 0 : 3;
  }
  if (lead >= 0xf0 && lead <= 0xf4) {
    const low = lead === 0xf0 ? 0x90 : 0x80;
    const high = lead === 0xf4 ? 0x8f : 0xbf;
    if (second < low || second > high || !isContinuation(third)) return 0;
    return isContinuation(bytes[at + 3] ?? 0) ? 4 : 0;
  }
  return 0;
}

function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}
