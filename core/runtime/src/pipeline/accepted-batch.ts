import {
  type Abi,
  abis,
  CamflowError,
  measureRecords,
  type RelayBatch,
  recorderCpu,
  type Slab,
} from '@camflow/api';
import type { ReadBatch } from '../delivery/commit-tracker.ts';
import type { Output } from '../delivery/output.ts';
import type { Whereabouts } from '../gaps/gap.ts';

/** A batch that was read, checked and counted. */
export interface AcceptedBatch {
  readonly relay: RelayBatch;
  readonly abi: Abi;
  readonly slab: Slab;
  /** Whole records, and their bytes. */
  readonly records: number;
  readonly byteLength: number;
  readonly read: ReadBatch;
  /** The outputs that it is for; absent for all. */
  readonly only?: ReadonlySet<Output>;
  /** Frees the memory that is no slab of the pool. */
  release?(): void;
  /** What it tells is somewhere else now, for one of the outputs. */
  moved?(output: Output, to: Whereabouts): void;
}

/** A batch that was read and checked. */
export type CheckedBatch = Omit<AcceptedBatch, 'read' | 'only' | 'release' | 'moved'>;

/** Where a batch ends in its stream, in a measure that outlives the run; undefined where it has none. */
export function markOf({ relay, records }: CheckedBatch): number | undefined {
  const { stream, firstSequence, mark, rereadable = true } = relay;
  if (stream.cpu === recorderCpu || !rereadable) return undefined;
  return mark ?? firstSequence + records;
}

/**
 * Checks what a source says about a batch.
 * @returns everything but `read`
 * @throws CamflowError `SOURCE_FAILED` where the batch cannot be one
 */
export function checkBatch(relay: RelayBatch, slab: Slab): CheckedBatch {
  const abi = abis.get(relay.abi);
  if (abi === undefined) {
    throw new CamflowError('SOURCE_FAILED', `the source gave a batch of unknown interface ${relay.abi}`, {
      hint: `This release knows ${[...abis.keys()].join(', ')}`,
    });
  }
  const { byteLength } = relay;
  const fits = Number.isInteger(byteLength) && byteLength >= 0 && byteLength <= slab.bytes.length;
  const whole = measureRecords(abi, relay.stream.kind, slab.bytes, 0, fits ? byteLength : 0);
  if (whole.byteLength !== byteLength) {
    throw new CamflowError(
      'SOURCE_FAILED',
      `the source gave a batch of ${byteLength} bytes, which is no whole number of records within a slab`,
    );
  }
  return { relay, abi, slab, records: whole.records, byteLength };
}
