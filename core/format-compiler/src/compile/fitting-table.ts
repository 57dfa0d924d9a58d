import { type Abi, abis, type RecordBatch } from '@camflow/api';
import type { TextTooLong } from '../lookup/rendered-texts.ts';
import type { CompiledTable } from './compile-table.ts';

/** Most bytes of a text to begin with: longer ones are rare. */
const usualTextBytes = 32 << 10;

/**
 * A table that is compiled for the batches that come: once the interface of their records is known, and again
 * where that changes or a text needs more room.
 */
export class FittingTable<Made extends { readonly compiled: CompiledTable }> {
  readonly #make: (abi: Abi, maxTextBytes: number) => Made;
  #abi: string | undefined;
  #maxTextBytes: number = usualTextBytes;
  #made: Made | undefined;

  /** @param make - compiles the table, for texts of up to `maxTextBytes`, and makes what goes with it */
  constructor(make: (abi: Abi, maxTextBytes: number) => Made) {
    this.#make = make;
  }

  /** The table for a batch, which it is ready for. */
  for(batch: RecordBatch): Made {
    if (this.#made === undefined || batch.abi !== this.#abi) {
      this.#abi = batch.abi;
      this.#made = this.#make(abis.get(batch.abi)!, this.#maxTextBytes);
    }
    this.#made.compiled.begin(batch);
    return this.#made;
  }

  /** The table for the same batch, with room for a text that was too long. */
  enlarged(batch: RecordBatch, { needed }: TextTooLong): Made {
    this.#maxTextBytes = 2 * needed;
    this.#made = undefined;
    return this.for(batch);
  }
}
