import type { Field } from './field.ts';

/**
 * The bytes of a text field: up to its first NUL, at most its array. A view, not a copy.
 * @param record - where the record starts in `bytes`
 */
export function textBytes(bytes: Uint8Array, record: number, field: Field): Uint8Array {
  return bytes.subarray(record + field.offset, textEnd(bytes, record, field));
}

/** Where the text of a text field ends in `bytes`, as {@link textBytes} cuts it. For texts of names: makes no view. */
export function textEnd(bytes: Uint8Array, record: number, field: Field): number {
  const start = record + field.offset;
  const limit = Math.min(start + arrayBytes(bytes, record, field), bytes.length);
  let end = start;
  while (end < limit && bytes[end] !== 0) end++;
  return end;
}

/** How many bytes the array of a field has in a record. */
export function arrayBytes(bytes: Uint8Array, record: number, field: Field): number {
  if (field.storedAt === undefined) return field.size;
  return new DataView(bytes.buffer, bytes.byteOffset + record + field.storedAt, 4).getUint32(0, true);
}
