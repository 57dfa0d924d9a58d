import type { Abi } from './abi.ts';
import { recordTypes } from './record-types.ts';
import { TypeIndex } from './type-index.ts';

/** Where the records of a batch are and what they are. Reused from batch to batch; the first `count` entries hold. */
export interface RecordTable {
  count: number;
  /** Byte offset of each record. */
  offsets: Uint32Array;
  /** Bytes of each record. */
  sizes: Uint32Array;
  /** Record type index of each record; 0 where the bytes are not a record of a known type. */
  types: Uint8Array;
}

/** Why the bytes at a record's place are not a record. */
export type MalformedReason =
  /** All zero: padding. */
  | 'padding'
  /** The type is zero but other bytes are not. */
  | 'type_zero'
  /** No record type has this code. */
  | 'unknown_type'
  /** The type needs a long record, this stream carries short ones. */
  | 'wrong_stream';

const typeIndex = new TypeIndex();
const isLong = Uint8Array.from([{ long: false }, ...recordTypes], (type) => (type.long ? 1 : 0));

/** A table with room for this many records. */
export function createRecordTable(capacity: number): RecordTable {
  return {
    count: 0,
    offsets: new Uint32Array(capacity),
    sizes: new Uint32Array(capacity),
    types: new Uint8Array(capacity),
  };
}

/**
 * Finds the records of a batch. Never fails: what is not a record gets type 0 and keeps its place.
 *
 * @param words - the memory as 32-bit words; must start at a multiple of 4 bytes
 * @param start - first byte of the batch, a multiple of 8
 * @param byteLength - bytes of the batch; a partial record at the end is left out
 */
export function scanRecords(
  abi: Abi,
  kind: 'short' | 'long',
  words: Int32Array,
  start: number,
  byteLength: number,
  table: RecordTable,
): void {
  const size = kind === 'long' ? abi.framing.longBytes : abi.framing.shortBytes;
  const count = Math.floor(byteLength / size);
  if (table.offsets.length < count) Object.assign(table, createRecordTable(count));
  const { offsets, sizes, types } = table;
  const shortStream = kind === 'short';
  for (let i = 0, offset = start; i < count; i++, offset += size) {
    const word = offset >>> 2;
    const type = typeIndex.of(words[word]!, words[word + 1]!);
    offsets[i] = offset;
    sizes[i] = size;
    types[i] = shortStream && isLong[type] === 1 ? 0 : type;
  }
  table.count = count;
}

/** Says why a record that the scan gave type 0 is none. */
export function malformedReason(bytes: Uint8Array, offset: number, size: number): MalformedReason {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
  const low = view.getInt32(0, true);
  const high = view.getInt32(4, true);
  if (low !== 0 || high !== 0) return typeIndex.of(low, high) === 0 ? 'unknown_type' : 'wrong_stream';
  for (let at = 8; at < size; at++) if (view.getUint8(at) !== 0) return 'type_zero';
  return 'padding';
}
