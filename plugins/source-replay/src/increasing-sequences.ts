import type { StreamId } from '@camflow/api';

/**
 * Numbers the records of streams that begin anew: in a file of several captures one after another, and where a file
 * is read again. Numbers then go on behind the highest so far, so that no two records of a stream share one.
 */
export class IncreasingSequences {
  readonly #shifts = new Map<string, number>();
  readonly #ends = new Map<string, number>();

  /**
   * @param own - number of the first of some records, as the file has it
   * @param records - how many records there are
   * @returns the number of the first one
   */
  next({ cpu, kind }: StreamId, own: number, records: number): number {
    const stream = `${kind}${cpu}`;
    const end = this.#ends.get(stream) ?? 0;
    let shift = this.#shifts.get(stream) ?? 0;
    if (own + shift < end) {
      shift = end - own;
      this.#shifts.set(stream, shift);
    }
    this.#ends.set(stream, own + shift + records);
    return own + shift;
  }
}
