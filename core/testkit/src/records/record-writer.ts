import {
  abiCamflow09,
  fieldOf,
  nodeTypeNamed,
  type RecordType,
  relationTypeNamed,
  type ShapeName,
} from '@camflow/api';
import { type FieldValue, writeField } from './field-value.ts';

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

/** Bytes that a record of this type takes on the wire. */
export function recordBytes(type: RecordType): number {
  return type.long ? abiCamflow09.framing.longBytes : abiCamflow09.framing.shortBytes;
}

/**
 * Writes a record: type code, the fields given, zeros elsewhere. A length that is not given follows from its
 * array, and may be given wrong on purpose.
 * @param view - over the memory to write to
 * @param start - where the record starts
 * @returns bytes written
 * @throws Error where the structure has no such field
 */
export function writeRecord(view: DataView, start: number, type: RecordType, fields: RecordFields): number {
  const size = recordBytes(type);
  new Uint8Array(view.buffer, view.byteOffset + start, size).fill(0);
  view.setBigUint64(start, type.code, true);
  const [array, length] = lengthFields[type.shape] ?? [];
  if (array !== undefined && length !== undefined && fields[length] === undefined) {
    const value = fields[array] ?? '';
    const bytes = typeof value === 'string' ? Buffer.byteLength(value) : (value as Uint8Array).length;
    writeField(view, start, fieldOf(type.shape, length), bytes);
  }
  for (const name in fields) {
    const value = fields[name];
    if (value !== undefined) writeField(view, start, fieldOf(type.shape, name), value);
  }
  return size;
}

/**
 * A node record of ABI camflow-0.9.
 *
 * ```ts
 * nodeRecord('task', { id: 7, version: 2, pid: 10, utime: 1500n });
 * nodeRecord('path', { id: 9, name: '/etc/passwd' });
 * ```
 * @throws Error where no node type has that name, or its structure no such field
 */
export function nodeRecord(name: string, fields: RecordFields = {}): Uint8Array {
  return record(nodeTypeNamed(name), `no node type is named ${name}`, fields);
}

/**
 * A relation record of ABI camflow-0.9; `snd` and `rcv` are identifiers (see `nodeIdentifier`).
 * @throws Error where no relation type has that name, or a field does not exist
 */
export function relationRecord(name: string, fields: RecordFields = {}): Uint8Array {
  return record(relationTypeNamed(name), `no relation type is named ${name}`, fields);
}

function record(type: RecordType | undefined, mistake: string, fields: RecordFields): Uint8Array {
  if (type === undefined) throw new Error(mistake);
  const bytes = new Uint8Array(recordBytes(type));
  writeRecord(new DataView(bytes.buffer), 0, type, fields);
  return bytes;
}

/** Records one after another, as a stream holds them. */
export function joinRecords(records: readonly Uint8Array[]): Uint8Array {
  return Buffer.concat(records);
}
