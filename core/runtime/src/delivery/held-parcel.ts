import { frameSizeBytes } from '../spool/parcel.ts';
import type { StoredParcel } from '../spool/spool.ts';
import type { Delivery, Offer } from './delivery-queue.ts';

/** A parcel in memory, or a piece of one: what is one frame on the disk. */
export interface HeldParcel extends Delivery {
  readonly offer: Offer;
  /** What it takes on the disk at most. */
  readonly frameBytes: number;
  /**
   * - `memory`: there only
   * - `waiting`, `writing`: on its way to the disk
   * - `stored`: on the disk too
   * - `kept`: no disk takes it, and the output is at it
   */
  state: 'memory' | 'waiting' | 'writing' | 'stored' | 'kept';
  /** Where it stands on the disk. */
  stored: StoredParcel | undefined;
  /** Delivered, or counted as lost. */
  finished: boolean;
  /** When it came, in milliseconds of the monotonic clock. */
  readonly offeredAtMs: number;
}

/** @param offeredAtMs - in milliseconds of the monotonic clock */
export function holdParcel(offer: Offer, offeredAtMs: number): HeldParcel {
  const { units, records } = offer.parcel;
  return {
    offer,
    frameBytes: frameSizeBytes(offer.parcel),
    units,
    records,
    byteLength: units.count === 0 ? 0 : units.ends[units.count - 1]!,
    state: 'memory',
    stored: undefined,
    finished: false,
    offeredAtMs,
  };
}
