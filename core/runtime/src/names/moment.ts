/** More bytes than a slab has. */
const batchSpan = 2 ** 27;

/**
 * When something becomes known, or is asked for: the number of a batch, and how far into the batch. A name of a
 * long stream is known to the records behind it, in its own batch as in later ones, so that it makes no difference
 * where one batch ends and the next begins.
 *
 * @param tick - number of the batch
 * @param offset - bytes from the start of the batch
 */
export function momentIn(tick: number, offset: number): number {
  return tick + offset / batchSpan;
}
