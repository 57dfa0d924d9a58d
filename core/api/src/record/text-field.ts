import type { Field } from './field.ts';

/**
 * The bytes of a text field: up to its first NUL, at most its array. A view, not a copy.
 * @param record - where the record starts in `bytes`
 */
export function textBytes(bytes: Uint8Array, record: number, field: Field): Uint8Array {
  const start = record + field.offset;
  const array = bytes.subarray(start, start + arrayBytes(bytes, record, field));
  const nul = array.indexOf(0);
  return nul < 0 ? array : array.subarray(0, nul);
}

/** How many bytes the array of a field has in a record. */
export function arrayBytes(bytes: Uint8Array, record: number, field: Field): number {
  if (field.storedAt === undefined) return field.size;
  return new DataView(bytes.buffer, bytes.byteOffset + record + field.storedAt, 4).getUint32(0, true);
}
