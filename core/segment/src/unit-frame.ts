import { type LossCause, type StreamId, type UnitBatch, unitNameWords } from '@camflow/api';
import { blockTypes, maxPayloadBytes } from './block.ts';
import { encodePlainHead, type Frame, type Metadata } from './frame.ts';

/** What a frame of units says about them. */
export interface UnitFrameInfo {
  /** Number of the frame within its spool, counted from 0 and never used again. */
  readonly number: number;
  /** Records that the units of all frames before this one stood for. */
  readonly recordsBefore: number;
  /** Records that its own units stand for. */
  readonly records: number;
  /** Names the numbering of the records; the units of one numbering are told apart by what follows. */
  readonly numbering: string;
  readonly stream: StreamId;
  /** Number, within its stream, of the first record of the relay batch that the units come from. */
  readonly firstSequence: number;
  /** Records of the relay batch. */
  readonly span: number;
  /** Where the relay batch ends in its stream (`RelayBatch.mark`); absent where that means nothing to another run. */
  readonly mark?: number;
  /** Where the first unit stands among those of its relay batch. */
  readonly firstUnit: number;
  /** When the records were captured, in milliseconds since 1970. */
  readonly capturedAtMs: number;
  /** Whether it is the last frame of its relay batch. What follows counts for the whole batch then, else nothing. */
  readonly last: boolean;
  /** Records of the batch that the policy or the format left out. */
  readonly filtered: number;
  /** Records of the batch that were lost before they became units, by cause. */
  readonly dropped: Readonly<Partial<Record<LossCause, number>>>;
}

/** Units of one relay batch and format. */
export interface UnitFrame extends UnitFrameInfo {
  readonly units: UnitBatch;
}

/** Most bytes of units that one frame takes, with {@link unitTableBytes} for each. */
export const maxUnitFrameBytes: number = maxPayloadBytes;

/** What the tables of a frame take for each unit: its end, its records, and what it is named by. */
export const unitTableBytes: number = 4 * (2 + unitNameWords);

/** The bytes of a frame of units, in pieces to be written one after another: units are neither copied nor packed. */
export function encodeUnitFrame({ units, ...info }: UnitFrame): Uint8Array[] {
  const { stream, ...rest } = info;
  const { count, names } = units;
  const named = names !== undefined;
  const parts = [
    bytesOf(units.ends.subarray(0, count)),
    bytesOf(units.records.subarray(0, count)),
    ...(named ? [bytesOf(names.subarray(0, count * unitNameWords))] : []),
    units.bytes.subarray(0, count === 0 ? 0 : units.ends[count - 1]!),
  ];
  const metadata = { ...rest, cpu: stream.cpu, kind: stream.kind, count, ...(named && { named }) };
  return [encodePlainHead(blockTypes.units, metadata, parts), ...parts];
}

/** The units of a frame, or undefined where it is a frame of something else. They are a view of its payload. */
export function unitFrameOf({ type, metadata, payload }: Frame): UnitFrame | undefined {
  const info = unitFrameInfo(type, metadata);
  const count = metadata['count'];
  const nameWords = metadata['named'] === true ? unitNameWords : 0;
  if (info === undefined || !isCount(count)) return undefined;
  const tableBytes = count * 4 * (2 + nameWords);
  if (tableBytes > payload.length) return undefined;
  const ends = wordsOf(payload, 0, count);
  const records = wordsOf(payload, count * 4, count);
  const names = nameWords > 0 ? { names: wordsOf(payload, count * 8, count * nameWords) } : {};
  const bytes = payload.subarray(tableBytes);
  if ((count === 0 ? 0 : ends[count - 1]!) !== bytes.length) return undefined;
  return { ...info, units: { bytes, ends, records, count, ...names } };
}

/** What the metadata of a frame says, or undefined where it is not that of units. */
export function unitFrameInfo(type: number, metadata: Metadata): UnitFrameInfo | undefined {
  const { number, recordsBefore, records, numbering, cpu, kind, firstSequence, span } = metadata;
  const { mark, firstUnit, capturedAtMs, last, filtered, dropped } = metadata;
  if (type !== blockTypes.units || typeof numbering !== 'string') return undefined;
  if (kind !== 'short' && kind !== 'long' && kind !== 'mixed') return undefined;
  if (!isCount(number) || !isCount(recordsBefore) || !isCount(records) || !isCount(cpu)) return undefined;
  if (!isCount(firstSequence) || !isCount(span) || !isCount(firstUnit) || !isCount(filtered))
    return undefined;
  if (mark !== undefined && !isCount(mark)) return undefined;
  if (typeof capturedAtMs !== 'number' || typeof last !== 'boolean' || !isCounts(dropped)) return undefined;
  return {
    number,
    recordsBefore,
    records,
    numbering,
    stream: { cpu, kind },
    firstSequence,
    span,
    ...(mark !== undefined && { mark }),
    firstUnit,
    capturedAtMs,
    last,
    filtered,
    dropped,
  };
}

function bytesOf(words: Uint32Array): Uint8Array {
  return new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
}

/** Copied: a payload need not start at a multiple of four. */
function wordsOf(payload: Uint8Array, start: number, count: number): Uint32Array {
  const words = new Uint32Array(count);
  bytesOf(words).set(payload.subarray(start, start + count * 4));
  return words;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 0;
}

function isCounts(value: unknown): value is Partial<Record<LossCause, number>> {
  return typeof value === 'object' && value !== null && Object.values(value).every(isCount);
}
