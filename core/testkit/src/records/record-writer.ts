import {
  type Abi,
  abiCamflow09,
  fieldOf,
  frameBytes,
  nodeTypeNamed,
  type RecordType,
  relationTypeNamed,
  type ShapeName,
} from '@camflow/api';
import { bytesOf, type FieldValue, writeField } from './field-value.ts';

/** Fields of a record by name, as the record structure names them. */
export type RecordFields = Readonly<Record<string, FieldValue | undefined>>;

/** For structures that say how long their variable part is: which array, which length. */
const lengthFields: Readonly<Partial<Record<ShapeName, readonly [array: string, length: string]>>> = {
  string: ['str', 'length'],
  path: ['name', 'length'],
  address: ['addr', 'length'],
  packet_content: ['content', 'length'],
  argument: ['value', 'length'],
  disclosed: ['content', 'length'],
  xattr: ['value', 'size'],
};

/** Bytes that a record takes on the wire, with its frame. Where all records have one size, `fields` do not matter. */
export function recordBytes(type: RecordType, fields: RecordFields = {}, abi: Abi = abiCamflow09): number {
  const { framing } = abi;
  if (framing.kind === 'fixed') return type.long ? framing.longBytes : framing.shortBytes;
  const shape = abi.shapes.get(type.shape)!;
  let size = framing.frameBytes + shape.size;
  for (const field of shape.fields.values()) {
    const value = fields[field.name];
    if (field.storedAt !== undefined && value !== undefined) size += bytesOf(field, value).length;
  }
  return (size + 7) & ~7;
}

/**
 * Writes a record: type code, the fields given, zeros elsewhere. A length that is not given follows from its
 * array, and may be given wrong on purpose.
 * @param view - over the memory to write to
 * @param start - where the record, or its frame, starts
 * @param abi - default camflow-0.9
 * @param sequence - for the frame, if there is one. Default 0
 * @returns bytes written
 * @throws Error where the structure has no such field
 */
export function writeRecord(
  view: DataView,
  start: number,
  type: RecordType,
  fields: RecordFields,
  abi: Abi = abiCamflow09,
  sequence = 0,
): number {
  const size = recordBytes(type, fields, abi);
  const at = start + frameBytes(abi);
  new Uint8Array(view.buffer, view.byteOffset + start, size).fill(0);
  if (at > start) {
    view.setUint32(start, size, true);
    view.setBigUint64(start + 8, BigInt(sequence), true);
  }
  view.setBigUint64(at, type.code, true);
  const [array, length] = lengthFields[type.shape] ?? [];
  if (array !== undefined && length !== undefined && fields[length] === undefined) {
    const value = fields[array] ?? '';
    const bytes = typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length;
    writeField(view, at, fieldOf(type.shape, length, abi.shapes), bytes);
  }
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) writeField(view, at, fieldOf(type.shape, name, abi.shapes), value);
  }
  return size;
}

/**
 * A node record, of ABI camflow-0.9 unless another is named.
 *
 * ```ts
 * nodeRecord('task', { id: 7, version: 2, pid: 10, utime: 1500n });
 * nodeRecord('path', { id: 9, name: '/etc/passwd' });
 * ```
 * @throws Error where no node type has that name, or its structure no such field
 */
export function nodeRecord(
  name: string,
  fields: RecordFields = {},
  abi: Abi = abiCamflow09,
  sequence = 0,
): Uint8Array {
  return record(nodeTypeNamed(name), `no node type is named ${name}`, fields, abi, sequence);
}

/**
 * A relation record, of ABI camflow-0.9 unless another is named; `snd` and `rcv` are identifiers (see `nodeIdentifier`).
 * @throws Error where no relation type has that name, or a field does not exist
 */
export function relationRecord(
  name: string,
  fields: RecordFields = {},
  abi: Abi = abiCamflow09,
  sequence = 0,
): Uint8Array {
  return record(relationTypeNamed(name), `no relation type is named ${name}`, fields, abi, sequence);
}

function record(
  type: RecordType | undefined,
  mistake: string,
  fields: RecordFields,
  abi: Abi,
  sequence: number,
): Uint8Array {
  if (type === undefined) throw new Error(mistake);
  const bytes = new Uint8Array(recordBytes(type, fields, abi));
  writeRecord(new DataView(bytes.buffer), 0, type, fields, abi, sequence);
  return bytes;
}

/** Records one after another, as a stream holds them. */
export function joinRecords(records: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(records);
}
