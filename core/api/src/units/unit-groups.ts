import type { FormatInfo } from '../contracts/formatter.ts';
import type { UnitBatch } from '../contracts/sink.ts';

/** Neighbouring units that travel as one message. */
export interface UnitGroup {
  /** The bytes of the units: a view of the batch, valid as long as the batch is. */
  readonly bytes: Uint8Array;
  /** Index of the first unit in the batch. */
  readonly first: number;
  /** Number of units, at least 1. */
  readonly count: number;
}

/**
 * Cuts a batch into messages, for outputs that send messages rather than a stream. Only lines are joined;
 * a document or a frame is always a message of its own. No unit is ever split: one that is longer than
 * `maxBytes` is a group by itself.
 *
 * @param maxBytes - size that a group of several units does not exceed, in bytes
 * @returns the groups in order; each is made when it is asked for
 */
export function* groupUnits(
  units: UnitBatch,
  framing: FormatInfo['framing'],
  maxBytes: number,
): Generator<UnitGroup, void, void> {
  let start = 0;
  for (let first = 0; first < units.count; ) {
    let end = units.ends[first]!;
    let next = first + 1;
    if (framing === 'lines') {
      while (next < units.count && units.ends[next]! - start <= maxBytes) end = units.ends[next++]!;
    }
    yield { bytes: units.bytes.subarray(start, end), first, count: next - first };
    start = end;
    first = next;
  }
}
