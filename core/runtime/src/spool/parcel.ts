import { type UnitBatch, unitNameWords } from '@camflow/api';
import { type UnitFrame, unitTableBytes } from '@camflow/segment';

/** The units of one relay batch for one output, with the accounts of that batch; the same on disk and in memory. */
export type Parcel = Omit<UnitFrame, 'number' | 'recordsBefore'>;

/** What a frame takes beside its units at most, with the head of a segment that it may begin, in bytes. */
const headBytes = 1024;

/** Bytes that a parcel takes as a frame of a spool, at most. */
export function frameSizeBytes({ units }: Pick<Parcel, 'units'>): number {
  return headBytes + sizeOf(units, 0, units.count);
}

/**
 * Cuts a parcel into pieces, each of which is a frame, between units.
 * @param mostBytes - that a frame may take; one of a single unit may take more
 * @returns the pieces, the last of which bears the accounts
 */
export function splitParcel(parcel: Parcel, mostBytes: number): readonly Parcel[] {
  const { units, mark, filtered, dropped } = parcel;
  if (frameSizeBytes(parcel) <= mostBytes) return [parcel];
  const pieces: Parcel[] = [];
  let from = 0;
  for (let to = 1; to <= units.count; to++) {
    if (to < units.count && headBytes + sizeOf(units, from, to + 1) <= mostBytes) continue;
    pieces.push(piece(parcel, from, to));
    from = to;
  }
  const last = pieces.pop()!;
  return [...pieces, { ...last, ...(mark !== undefined && { mark }), last: true, filtered, dropped }];
}

/** Bytes of some units, with those of the tables for each. */
function sizeOf({ ends }: UnitBatch, from: number, to: number): number {
  return to === from ? 0 : ends[to - 1]! - startOf(ends, from) + (to - from) * unitTableBytes;
}

function startOf(ends: Uint32Array, unit: number): number {
  return unit === 0 ? 0 : ends[unit - 1]!;
}

function piece(parcel: Parcel, from: number, to: number): Parcel {
  const { mark: _, ...rest } = parcel;
  const { source, bytes, ends, records, names } = parcel.units;
  const start = startOf(ends, from);
  const firstUnit = parcel.firstUnit + from;
  const ownRecords = records.subarray(from, to);
  return {
    ...rest,
    last: false,
    filtered: 0,
    dropped: {},
    firstUnit,
    records: ownRecords.reduce((sum, count) => sum + count, 0),
    units: {
      ...(source && { source: { ...source, firstUnit } }),
      bytes: bytes.subarray(start, ends[to - 1]!),
      ends: ends.subarray(from, to).map((end) => end - start),
      records: ownRecords,
      ...(names && { names: names.subarray(from * unitNameWords, to * unitNameWords) }),
      count: to - from,
    },
  };
}
