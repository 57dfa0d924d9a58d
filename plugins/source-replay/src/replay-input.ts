import type { Origin, RelayBatch } from '@camflow/api';

/** A batch of the input; the source adds its number and what does not depend on the input. */
export type InputBatch = Omit<RelayBatch, 'id' | 'endOfRound'>;

/** One kind of input that can be replayed. All calls come one at a time. */
export interface ReplayInput {
  readonly origin: Origin;
  /**
   * Fills the start of a slab with whole records of one stream.
   * @returns null at the end of the input
   */
  fill(slab: Uint8Array): Promise<InputBatch | null>;
  /** Goes back to the start of the input. Sequences go on. */
  rewind(): Promise<void>;
  close(): Promise<void>;
}
