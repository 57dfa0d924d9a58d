import { unitNameWords } from '@camflow/api';
import { type UnitFrame, unitTableBytes } from '@camflow/segment';

/** The units of one relay batch for one output, with the accounts of that batch; the same on disk and in memory. */
export type Parcel = Omit<UnitFrame, 'number' | 'recordsBefore'>;

/** Bytes of units in one frame: what is read back at once. */
const frameBytes = 4 << 20;

/**
 * Cuts a parcel into pieces for frames, between units.
 * @param mostBytes - bytes of units, with those of the tables for each, that a frame can hold at all
 * @returns the pieces, the last of which bears the accounts; a unit that no frame holds is counted in them
 */
export function splitParcel(parcel: Parcel, mostBytes: number): Parcel[] {
  const { units } = parcel;
  const pieces: Parcel[] = [];
  let tooLarge = 0;
  let from = 0;
  let start = 0;
  const cut = (to: number): void => {
    if (to > from) pieces.push(piece(parcel, from, to, start));
    from = to;
    start = to === 0 ? 0 : units.ends[to - 1]!;
  };
  for (let i = 0; i < units.count; i++) {
    const end = units.ends[i]!;
    if (i > from && end - start + (i + 1 - from) * unitTableBytes > frameBytes) cut(i);
    if (end - start + unitTableBytes > mostBytes) {
      tooLarge += units.records[i]!;
      from = i + 1;
      start = end;
    }
  }
  cut(units.count);
  const { filtered, dropped } = parcel;
  const all =
    tooLarge > 0 ? { ...dropped, unit_too_large: (dropped.unit_too_large ?? 0) + tooLarge } : dropped;
  const last = pieces.pop() ?? piece(parcel, units.count, units.count, start);
  return [...pieces, { ...last, last: true, filtered, dropped: all }];
}

function piece(parcel: Parcel, from: number, to: number, start: number): Parcel {
  const { bytes, ends, records, names } = parcel.units;
  const whole = from === 0 && to === parcel.units.count;
  const ownRecords = records.subarray(from, to);
  return {
    ...parcel,
    last: false,
    filtered: 0,
    dropped: {},
    firstUnit: parcel.firstUnit + from,
    records: whole ? parcel.records : ownRecords.reduce((sum, count) => sum + count, 0),
    units: whole
      ? parcel.units
      : {
          bytes: bytes.subarray(start, to === from ? start : ends[to - 1]!),
          ends: ends.subarray(from, to).map((end) => end - start),
          records: ownRecords,
          ...(names !== undefined && { names: names.subarray(from * unitNameWords, to * unitNameWords) }),
          count: to - from,
        },
  };
}
