import type { RecordType } from '../record/record-types.ts';
import type { Origin, StreamId } from './capture-source.ts';
import type { LossCause } from './loss.ts';

/**
 * Names by identifier. Filled before a batch that needs them is dispatched, never changed during a call of
 * `format`.
 */
export interface NameLookup {
  /** Changes when handles lose their meaning: caches by handle must then be emptied. */
  readonly generation: number;
  /**
   * @param bytes - memory holding a 32-byte identifier of a `path` node
   * @param offset - where it starts; a multiple of 4
   * @returns a small non-negative handle, or -1 where the name is not known
   */
  find(bytes: Uint8Array, offset: number): number;
  /** The path of a handle, raw as the kernel wrote it. Valid during the call of `format`; do not modify. */
  bytes(handle: number): Uint8Array;
}

/** Security contexts by number. */
export interface SecurityContextLookup {
  /** Changes when a text may have changed. */
  readonly generation: number;
  /** The text, or undefined where the kernel has none for this number. */
  text(secid: number): string | undefined;
}

/** A record seen through its structure, for formatters that do not count bytes. Valid during the call of `format`. */
export interface RecordView {
  /** What kind of node or relation it is. */
  readonly type: RecordType;
  /** The identifier as CamFlow prints it: 44 characters of base64. */
  readonly id: string;
  /** Identifier of the source of a relation, in base64; undefined for nodes. */
  readonly from: string | undefined;
  /** Identifier of the destination of a relation, in base64; undefined for nodes. */
  readonly to: string | undefined;
  /** Path of a node that has a known name. */
  readonly name: string | undefined;
  /** Security context of a node, where the kernel has one. */
  readonly securityContext: string | undefined;
  /** Names of the fields of this record's structure. */
  readonly fieldNames: readonly string[];
  /**
   * A field by name. Integers up to 32 bits are numbers, longer ones bigints; text is decoded with the rule of
   * `decodeText`; byte arrays are copies cut to their recorded length; identifiers are base64, UUIDs and
   * IPv4 addresses in their usual notation.
   * @throws Error where the structure has no such field
   */
  field(name: string): number | bigint | string | Uint8Array;
}

/** Records to format: those of one relay batch that the policy keeps. */
export interface RecordBatch {
  /** Name of the binary interface. */
  readonly abi: string;
  /** The relay file that the records come from. */
  readonly stream: StreamId;
  /** Machine, boot and epoch of the run. */
  readonly origin: Origin;
  /** Where in its stream the first byte of the relay batch stands. */
  readonly position: number;
  /**
   * Where in `bytes` the relay batch starts: record `i` stands `offsets[i] - start` bytes after `position`, with
   * the records that were left out counted in.
   */
  readonly start: number;
  /** Number, within its stream, of the first record of the relay batch, kept or not. */
  readonly firstSequence: number;
  /** Wall-clock time of capture, in milliseconds since 1970: the only time that a formatter may print. */
  readonly capturedAtMs: number;
  /** The memory that `offsets` point into. The same buffer throughout a run; read only. */
  readonly bytes: Uint8Array;
  /** Number of records; 0 where the batch only brings security contexts. */
  readonly count: number;
  /** Byte offset of each record in `bytes`, the first `count` entries; multiples of 8. */
  readonly offsets: Uint32Array;
  /** Size in bytes of each record, the first `count` entries. */
  readonly sizes: Uint32Array;
  /** Index of the type of each record (`recordTypeAt`), the first `count` entries. 0 only for `malformed: 'keep'`. */
  readonly types: Uint8Array;
  /** Names of nodes, filled before the batch that needs them. */
  readonly names: NameLookup;
  /** Security contexts by number, filled before the batch that needs them. */
  readonly securityContexts: SecurityContextLookup;
  /** Security contexts that came with this batch, for formatters that keep the raw records. */
  readonly newSecurityContexts: readonly (readonly [secid: number, text: string])[];
  /** The records one by one, each through the same lazy view. */
  records(): Iterable<RecordView>;
}

/** Takes finished bytes. Copies what it is given. */
export interface UnitWriter {
  /** Appends to the open unit. */
  write(bytes: Uint8Array, start?: number, end?: number): void;
  /** Appends text as UTF-8 to the open unit. */
  writeText(text: string): void;
  /**
   * Ends the open unit.
   * @param records - records that the unit stands for, the next ones of the batch; the sum over a batch, with those
   *   dropped, is `count`
   */
  endUnit(records: number): void;
  /**
   * Appends many finished units of one record each at once; no unit may be open.
   * @param bytes - the units one after another
   * @param ends - where each unit ends, in bytes from the start of `bytes`
   * @param count - number of units
   */
  writeUnits(bytes: Uint8Array, ends: Uint32Array, count: number): void;
  /**
   * Counts records that this format leaves out or cannot express. In order: those before a unit before it is ended,
   * those behind it afterwards. That is how it is known which records a unit stands for, by which it is named.
   */
  drop(records: number, cause: LossCause | 'filtered'): void;
}

/**
 * Turns records into text or bytes. Lives inside a worker thread; every worker has its own. A *unit* is what
 * must not be split: a line, a document. Units stay under 64 KiB where that is possible.
 */
export interface Formatter {
  /**
   * Formats a batch, synchronously. Keeps no state that changes output from one batch to the next: batches are
   * spread over workers. Must be a function of the batch alone: no clock, no randomness.
   * If it throws, the batch is bisected and the records at fault are counted as `format_failed`.
   */
  format(batch: RecordBatch, out: UnitWriter): void;
}

/** What outputs know about a format. */
export interface FormatInfo {
  /** Name of the plugin. */
  readonly name: string;
  /** Media type of a unit. */
  readonly mediaType: string;
  /**
   * - `lines`: a unit is a line of text with its newline; units may be joined into one message
   * - `documents`: a unit is a whole document with a newline at its end; one per message
   * - `frames`: a unit is binary and knows its own length
   */
  readonly framing: 'lines' | 'documents' | 'frames';
}
