import { type Parcel, splitParcel } from '../spool/parcel.ts';
import type { Offer } from './delivery-queue.ts';

/**
 * Cuts an offer into pieces that are frames in a spool, in order. Its memory is free when all of them let go; until then
 * each counts for its share.
 * @param mostBytes - that a frame may take
 */
export function piecesOf(offer: Offer, mostBytes: number): readonly Offer[] {
  const parcels = splitParcel(offer.parcel, mostBytes);
  if (parcels.length === 1) return [offer];
  let held = parcels.length;
  let open = parcels.length;
  let leftBytes = offer.memoryBytes;
  const allBytes = Math.max(1, offer.parcel.units.bytes.length);
  const shareOf = ({ units, last }: Parcel): number => {
    const share = Math.floor((offer.memoryBytes * units.bytes.length) / allBytes);
    leftBytes -= share;
    return last ? share + leftBytes : share;
  };
  return parcels.map((parcel) => ({
    parcel,
    memoryBytes: shareOf(parcel),
    release: () => {
      if (--held === 0) offer.release();
    },
    moved: (to) => {
      const isPart = to === 'taken' || typeof to === 'object';
      if (parcel.last || !isPart) offer.moved(to);
    },
    settled: () => {
      if (--open === 0) offer.settled();
    },
  }));
}
