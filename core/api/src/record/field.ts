/**
 * How the bytes of a field are read. `be16` and `be32` are in network order, everything else in the byte order
 * of the host (little-endian). `text` ends at a NUL or with its array. `identifier` is the 32-byte
 * identifier of a node, `relationIdentifier` the 24-byte one of a relation.
 */
export type FieldType =
  | 'u8'
  | 'u16'
  | 'u32'
  | 'u64'
  | 'i64'
  | 'be16'
  | 'be32'
  | 'text'
  | 'bytes'
  | 'uuid'
  | 'ipv4'
  | 'ipv6'
  | 'identifier';

/** One named field of a record. */
export interface Field {
  /** Name in the C structures, for example `cancel_wbytes`. */
  readonly name: string;
  readonly type: FieldType;
  /** Bytes from the start of the record. */
  readonly offset: number;
  /** Size in bytes; for `text` and `bytes` the size of the array, 0 where the record says it. */
  readonly size: number;
  /** Where the record says, in 32 bits, how many bytes the array has. Scanning holds it against the record's size. */
  readonly storedAt?: number;
}

const scalarSizes = {
  u8: 1,
  u16: 2,
  u32: 4,
  u64: 8,
  i64: 8,
  be16: 2,
  be32: 4,
  uuid: 16,
  ipv4: 4,
  ipv6: 16,
  identifier: 32,
} as const;

/** Declares a field whose size follows from its type. */
export function scalar(name: string, type: keyof typeof scalarSizes, offset: number): Field {
  return { name, type, offset, size: scalarSizes[type] };
}

/** Declares an array field: text up to a NUL, or raw bytes. */
export function array(name: string, type: 'text' | 'bytes', offset: number, size: number): Field {
  return { name, type, offset, size };
}

/** Declares an array that reaches as far as the record says at `storedAt`, a multiple of 4. */
export function recordedArray(name: string, type: 'text' | 'bytes', offset: number, storedAt: number): Field {
  return { name, type, offset, size: 0, storedAt };
}
