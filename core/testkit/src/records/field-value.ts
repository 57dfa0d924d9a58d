import { encodeText, type Field } from '@camflow/api';

/**
 * What a field of a record is described by. Integers: number or bigint. Text: a string (`encodeText` gives its
 * bytes) or bytes. Byte arrays and identifiers: bytes; identifiers also base64. `ipv4`: dotted decimal. `ipv6`: its text.
 * `uuid`: its usual text or 16 bytes.
 */
export type FieldValue = number | bigint | string | Uint8Array;

/**
 * Writes one field. Arrays are filled up with zeros; what is too long for one is cut, as the kernel does it.
 * @param view - over the memory that holds the record
 * @param start - first byte of the record
 * @throws Error where a field of this type cannot take such a value
 */
export function writeField(view: DataView, start: number, field: Field, value: FieldValue): void {
  const at = start + field.offset;
  switch (field.type) {
    case 'u8':
      view.setUint8(at, Number(value));
      break;
    case 'u16':
      view.setUint16(at, Number(value), true);
      break;
    case 'u32':
      view.setUint32(at, Number(value), true);
      break;
    case 'be16':
      view.setUint16(at, Number(value));
      break;
    case 'be32':
      view.setUint32(at, Number(value));
      break;
    case 'u64':
    case 'i64':
      writeLong(view, at, value, field);
      break;
    default:
      writeBytes(view, start, field, bytesOf(field, value));
  }
}

function writeLong(view: DataView, at: number, value: FieldValue, field: Field): void {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0) {
    view.setUint32(at, value, true);
    view.setUint32(at + 4, value / 0x1_0000_0000, true);
  } else if (typeof value === 'number' || typeof value === 'bigint') {
    view.setBigInt64(at, BigInt.asIntN(64, BigInt(value)), true);
  } else {
    throw new Error(`field ${field.name} takes an integer`);
  }
}

function writeBytes(view: DataView, start: number, field: Field, bytes: Uint8Array): void {
  const at = view.byteOffset + start + field.offset;
  if (field.storedAt !== undefined) {
    view.setUint32(start + field.storedAt, bytes.length, true);
    new Uint8Array(view.buffer, at, bytes.length).set(bytes);
    return;
  }
  const target = new Uint8Array(view.buffer, at, field.size);
  target.set(bytes.length > field.size ? bytes.subarray(0, field.size) : bytes);
  if (bytes.length < field.size) target.fill(0, bytes.length);
}

/** The bytes that a value becomes in an array, identifier, UUID or address. */
export function bytesOf(field: Field, value: FieldValue): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'string') {
    if (field.type === 'text' || field.type === 'bytes') return encodeText(value);
    if (field.type === 'identifier') return Buffer.from(value, 'base64');
    if (field.type === 'uuid') return Buffer.from(value.replaceAll('-', ''), 'hex');
    if (field.type === 'ipv6') return ipv6Bytes(value);
    if (field.type === 'ipv4') return Uint8Array.from(value.split('.'), Number);
  }
  throw new Error(`field ${field.name} of type ${field.type} does not take ${typeof value}`);
}

/** The bytes of an IPv6 address without dots in it. */
function ipv6Bytes(text: string): Uint8Array {
  const groups = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  const [before = '', after] = text.split('::');
  const [head, tail] = [groups(before), groups(after ?? '')];
  const all = [...head, ...new Array<number>(8 - head.length - tail.length).fill(0), ...tail];
  return Uint8Array.from(all.flatMap((group) => [group >> 8, group & 0xff]));
}
