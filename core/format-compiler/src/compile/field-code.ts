import type { Field } from '@camflow/api';

/** Expression of an integer field of up to 32 bits of the record at word `w`. */
export function narrowField(field: Field): string {
  const word = `W[w+${field.offset >> 2}]`;
  const shift = (field.offset & 3) * 8;
  const at = `(w<<2)+${field.offset}`;
  switch (field.type) {
    case 'u8':
      return `(${word}>>>${shift}&255)`;
    case 'u16':
      return `(${word}>>>${shift}&65535)`;
    case 'u32':
      return word;
    case 'be16':
      return `(B[${at}]<<8|B[${at}+1])`;
    case 'be32':
      return `(B[${at}]<<24|B[${at}+1]<<16|B[${at}+2]<<8|B[${at}+3])`;
    default:
      throw new Error(`field ${field.name} is no integer of up to 32 bits`);
  }
}

/** Whether a field is an integer of 64 bits. */
export function isWide(field: Field): boolean {
  return field.type === 'u64' || field.type === 'i64';
}

/** Expressions of the lower and upper half of a 64-bit field. */
export function wideField(field: Field): readonly [low: string, high: string] {
  return [`W[w+${field.offset >> 2}]`, `W[w+${(field.offset >> 2) + 1}]`];
}

/** Expression of the first byte of a field. */
export function fieldStart(field: Field): string {
  return `(w<<2)+${field.offset}`;
}

/** Expression of the bytes of an array of recorded length. */
export function storedBytes({ name, storedAt }: Field): string {
  if (storedAt === undefined) throw new Error(`field ${name} is no array of recorded length`);
  return `(W[w+${storedAt >> 2}]>>>0)`;
}

/** Indexes, from the start of the record, of the words that a field touches. */
export function fieldWords(field: Field): readonly number[] {
  const first = field.offset >> 2;
  const last = (field.offset + field.size - 1) >> 2;
  return Array.from({ length: last - first + 1 }, (_, i) => first + i);
}
