import type { StreamId } from '../contracts/capture-source.ts';
import type { Abi, Framing } from './abi.ts';
import { recordTypes } from './record-types.ts';
import { TypeIndex } from './type-index.ts';

/** Where the records of a batch are and what they are. Reused from batch to batch; the first `count` entries hold. */
export interface RecordTable {
  count: number;
  /** Byte offset of each record, behind its frame if it has one. */
  offsets: Uint32Array;
  /** Bytes of each record, without a frame. */
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
  | 'wrong_stream'
  /** The record is shorter than its structure, or than it says itself. */
  | 'cut_short';

/** What the scan holds a record of a sized framing against, by type index: bytes of the structure, and its array. */
interface SizeRules {
  readonly least: Uint32Array;
  /** Where the record says, in words, how many bytes follow; 0 where nothing follows. */
  readonly storedWords: Uint32Array;
}

/** Where a frame has the number of its record. */
const sequenceAt = 8;
const typeIndex = new TypeIndex();
const isLong = Uint8Array.from([{ long: false }, ...recordTypes], (type) => (type.long ? 1 : 0));
const rulesOf = new Map<Abi, SizeRules>();

/** A table with room for this many records. */
export function createRecordTable(capacity: number): RecordTable {
  return {
    count: 0,
    offsets: new Uint32Array(capacity),
    sizes: new Uint32Array(capacity),
    types: new Uint8Array(capacity),
  };
}

/** Bytes that stand before each record. */
export function frameBytes({ framing }: Abi): number {
  return framing.kind === 'fixed' ? 0 : framing.frameBytes;
}

/**
 * Measures whole records at the start of some bytes.
 *
 * @param start - first byte, a multiple of 8
 * @param end - byte after the last that may be taken
 * @param most - records after which to stop. Default: no limit
 * @returns how many whole records there are and how many bytes they take; fewer than are there only where the last
 *   one is cut off, or where the size in a frame is none
 */
export function measureRecords(
  { framing }: Abi,
  kind: StreamId['kind'],
  bytes: Uint8Array,
  start: number,
  end: number,
  most: number = Number.POSITIVE_INFINITY,
): { readonly records: number; readonly byteLength: number } {
  if (framing.kind === 'fixed') {
    const size = fixedSize(framing, kind);
    const records = Math.min(most, Math.floor((end - start) / size));
    return { records, byteLength: records * size };
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let records = 0;
  let at = start;
  for (; records < most && at + framing.leastBytes <= end; records++) {
    const size = view.getUint32(at, true);
    if (!isFramedSize(framing, size) || at + size > end) break;
    at += size;
  }
  return { records, byteLength: at - start };
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
  kind: StreamId['kind'],
  words: Int32Array,
  start: number,
  byteLength: number,
  table: RecordTable,
): void {
  const { framing } = abi;
  const least = framing.kind === 'fixed' ? fixedSize(framing, kind) : framing.leastBytes;
  const capacity = Math.floor(byteLength / least);
  if (table.offsets.length < capacity) Object.assign(table, createRecordTable(capacity));
  if (framing.kind === 'fixed') scanFixed(least, kind, words, start, byteLength, table);
  else scanSized(framing, sizeRules(abi), words, start, byteLength, table);
}

function scanFixed(
  size: number,
  kind: StreamId['kind'],
  words: Int32Array,
  start: number,
  byteLength: number,
  table: RecordTable,
): void {
  const { offsets, sizes, types } = table;
  const count = Math.floor(byteLength / size);
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

function scanSized(
  framing: Framing & { readonly kind: 'sized' },
  { least, storedWords }: SizeRules,
  words: Int32Array,
  start: number,
  byteLength: number,
  table: RecordTable,
): void {
  const { offsets, sizes, types } = table;
  const { frameBytes, leastBytes } = framing;
  const end = start + byteLength;
  let count = 0;
  for (let at = start; at + leastBytes <= end; count++) {
    const framed = words[at >>> 2]! >>> 0;
    if (!isFramedSize(framing, framed) || at + framed > end) break;
    const offset = at + frameBytes;
    const size = framed - frameBytes;
    const word = offset >>> 2;
    const type = typeIndex.of(words[word]!, words[word + 1]!);
    const room = size - least[type]!;
    const stored = storedWords[type]!;
    const whole = room >= 0 && (stored === 0 || words[word + stored]! >>> 0 <= room);
    offsets[count] = offset;
    sizes[count] = size;
    types[count] = whole ? type : 0;
    at += framed;
  }
  table.count = count;
}

function fixedSize(framing: Framing & { readonly kind: 'fixed' }, kind: StreamId['kind']): number {
  return kind === 'long' ? framing.longBytes : framing.shortBytes;
}

function isFramedSize(framing: Framing & { readonly kind: 'sized' }, size: number): boolean {
  return size >= framing.leastBytes && size <= framing.mostBytes && (size & 7) === 0;
}

function sizeRules(abi: Abi): SizeRules {
  let rules = rulesOf.get(abi);
  if (rules === undefined) {
    const least = new Uint32Array(recordTypes.length + 1);
    const storedWords = new Uint32Array(recordTypes.length + 1);
    for (const type of recordTypes) {
      const shape = abi.shapes.get(type.shape)!;
      least[type.index] = shape.size;
      for (const { storedAt } of shape.fields.values()) {
        if (storedAt !== undefined) storedWords[type.index] = storedAt >>> 2;
      }
    }
    rules = { least, storedWords };
    rulesOf.set(abi, rules);
  }
  return rules;
}

/**
 * The number, within its stream, of a record of a batch.
 * @param batch - where the batch stands, the number of its first record, and its records
 * @param index - which record of the batch
 */
export function recordSequence(
  abi: Abi,
  batch: {
    readonly bytes: Uint8Array;
    readonly start: number;
    readonly firstSequence: number;
    readonly offsets: Uint32Array;
    readonly sizes: Uint32Array;
  },
  index: number,
): number {
  const offset = batch.offsets[index]!;
  if (abi.framing.kind === 'fixed') {
    // Records of one stream have one size, so the bytes before one tell how many there are.
    return batch.firstSequence + (offset - batch.start) / batch.sizes[index]!;
  }
  return frameSequence(batch.bytes, offset - abi.framing.frameBytes);
}

/**
 * The numbers of all records of a table, for whoever wants those of many: `recordSequence` makes an object for each.
 * @param batch - where the batch stands, the number of its first record, and its records
 * @param words - the memory that the batch points into
 */
export function sequenceReader(
  { framing }: Abi,
  batch: {
    readonly start: number;
    readonly firstSequence: number;
    readonly offsets: Uint32Array;
    readonly sizes: Uint32Array;
  },
  words: Int32Array,
): (index: number) => number {
  const { start, firstSequence, offsets, sizes } = batch;
  if (framing.kind === 'fixed') return (index) => firstSequence + (offsets[index]! - start) / sizes[index]!;
  return (index) => {
    const at = (offsets[index]! - framing.frameBytes + sequenceAt) >>> 2;
    return (words[at + 1]! >>> 0) * 2 ** 32 + (words[at]! >>> 0);
  };
}

/** The number of a record within its stream, from its frame. Exact up to 2^53. */
export function frameSequence(bytes: Uint8Array, frame: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset + frame + sequenceAt, 8);
  return Number(view.getBigUint64(0, true));
}

/** Says why a record that the scan gave type 0 is none. */
export function malformedReason(abi: Abi, bytes: Uint8Array, offset: number, size: number): MalformedReason {
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset, size);
  const low = view.getInt32(0, true);
  const high = view.getInt32(4, true);
  if (low !== 0 || high !== 0) {
    if (typeIndex.of(low, high) === 0) return 'unknown_type';
    return abi.framing.kind === 'fixed' ? 'wrong_stream' : 'cut_short';
  }
  for (let at = 8; at < size; at++) if (view.getUint8(at) !== 0) return 'type_zero';
  return 'padding';
}
