import type { Origin, StreamId } from './capture-source.ts';
import type { LossCounters } from './loss.ts';

/** Where the units of a batch come from: with its records, or its place among them, it names a unit (`unitId`). */
export interface UnitSource {
  /** Names the numbering of the records: of this run, or of the source where its numbers outlive a run. */
  readonly numbering: string;
  readonly stream: StreamId;
  /** Number, within its stream, of the first record of the relay batch that the units were made from. */
  readonly firstSequence: number;
  /** Where the first unit stands among those of its relay batch. */
  readonly firstUnit: number;
}

/**
 * What `UnitBatch.names` has of a unit: the low and the high word of the sequence number of its last record, and a
 * digest of the numbers of all of them, 0 where it is one.
 */
export const unitNameWords = 3;

/** Whole units, in order. Valid until the promise of `write` settles: copy what must live longer. */
export interface UnitBatch {
  /** Where they come from; absent in batches that no run has made. */
  readonly source?: UnitSource;
  /** The units one after another. */
  readonly bytes: Uint8Array;
  /** Number of units. */
  readonly count: number;
  /** Where each unit ends, in bytes from the start of `bytes`; the first `count` entries. */
  readonly ends: Uint32Array;
  /** How many records each unit stands for; the first `count` entries. */
  readonly records: Uint32Array;
  /** Which records each unit stands for, {@link unitNameWords} numbers for each; absent where nobody knows. */
  readonly names?: Uint32Array;
}

/** What became of the units of one `write` that were not delivered. */
export interface WriteReceipt {
  /** Records that this output cannot carry, by cause. Everything else is delivered. */
  readonly lost: LossCounters;
}

/** Called once when an output opens. */
export interface SinkStart {
  /** Where the records come from. */
  readonly origin: Origin;
  /** The hash of the policy of the run, as `PolicyProgram` has it. */
  readonly policyHash?: string;
  /** Records that this output has lost in this run so far, by cause. */
  losses?(): LossCounters;
}

/**
 * Where units go. All calls come from the main thread, one at a time.
 *
 * A failure is a `CamflowError`. With `retryable` true (broker gone, disk full) the same batch (the same
 * object) is given again later, from its first unit; else its records are counted as `sink_rejected` and the run goes on. Delivery is
 * therefore at least once.
 */
export interface Sink {
  /**
   * Looks whether the output could work, without leaving anything behind. Called before anything is opened.
   * @throws CamflowError `SINK_MISCONFIGURED` or `SINK_UNAVAILABLE`
   */
  check?(): Promise<void>;

  /**
   * Gets ready. An output whose peer may come later (a broker, a reader) resolves and connects on its own.
   * @throws CamflowError `SINK_MISCONFIGURED` or `SINK_UNAVAILABLE`
   */
  open(start: SinkStart): Promise<void>;

  /**
   * Takes units. Resolves when the output *has* them, by its own definition of delivered: written and synced,
   * acknowledged by the broker, accepted by the kernel.
   * @param signal - aborted when the recorder must stop: reject soon, with a retryable error
   * @returns a receipt where some units could not be carried; nothing where all were delivered
   */
  write(units: UnitBatch, signal: AbortSignal): Promise<WriteReceipt | undefined>;

  /** Makes durable what was written. Called at stop, before `close`. */
  flush?(): Promise<void>;

  /** Opens files anew (SIGHUP, log rotation). No unit is split or lost. */
  reopen?(): Promise<void>;

  /** Releases everything. Legal without `open`, and twice. */
  close(): Promise<void>;
}
