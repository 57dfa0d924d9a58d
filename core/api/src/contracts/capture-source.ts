import type { RecordType } from '../record/record-types.ts';
import type { LossCause, LossCounters } from './loss.ts';
import type { RecordFilter } from './policy.ts';

/** A stretch of memory that a source fills. Workers see the same memory; it is not copied again. */
export interface Slab {
  /** Position among the slabs of the run. */
  readonly index: number;
  /** Where to write, over a SharedArrayBuffer. Its size does not change during a run. */
  readonly bytes: Uint8Array;
}

/** One ordered sequence of records: what one CPU wrote to one channel or ring. */
export interface StreamId {
  /** Number of the CPU. */
  readonly cpu: number;
  /**
   * `short` records refer to names, `long` records carry them. Long batches are taken in when they arrive;
   * short batches wait until their round ends, so that every name they need is known. A `mixed` stream holds both:
   * its names are learned when a batch arrives, and the batch waits like a short one.
   */
  readonly kind: 'short' | 'long' | 'mixed';
}

/** The number that stands for a CPU in the stream of records that the recorder itself makes: gaps. */
export const recorderCpu = 65_535;

/** What `read` put into a slab: whole records of one stream. */
export interface RelayBatch {
  /** Identifies the batch to `commit`; increases by at least one with each batch. */
  readonly id: number;
  /** Name of the binary interface, a key of `abis`. */
  readonly abi: string;
  /** The CPU and the channel that the records come from. */
  readonly stream: StreamId;
  /** Bytes filled, from the start of the slab: whole records only. 0 is allowed and closes a round. */
  readonly byteLength: number;
  /** Where in its stream the first byte stands, in bytes: corrupt records are reported by this position. */
  readonly position: number;
  /** Number, within its stream, of the first record of the batch. */
  readonly firstSequence: number;
  /**
   * Where the batch ends in its stream, in a measure that grows along the stream and outlives a run as
   * `Origin.numbering` does: what ends there or before needs not be given again once an output has it. Default: the
   * sequence number after its last record. For sources whose numbers have holes, or do not stand quite in order.
   */
  readonly mark?: number;
  /**
   * False where this batch does not come again although the source is re-readable: its numbers then mean nothing
   * beyond the run. Default: as the source's capability.
   */
  readonly rereadable?: boolean;
  /** Wall-clock time at which the records were captured, in milliseconds since 1970. Output dates come from here. */
  readonly capturedAtMs: number;
  /**
   * True where no later batch belongs to the same round. Held short batches are then let go. A source
   * without rounds says true every time.
   */
  readonly endOfRound: boolean;
  /** Records lost between the previous batch and this one, by cause. They count as produced. */
  readonly loss: LossCounters;
  /**
   * Causes for which more was lost between the previous batch and this one, nobody knows how many records. It counts
   * as nothing, and each is a gap of unknown size in the output. Absent where there are none.
   */
  readonly lossOfUnknownSize?: readonly LossCause[];
  /** Texts of security contexts that these or later records use and that no earlier batch brought: [secid, text]. */
  readonly securityContexts: readonly (readonly [secid: number, text: string])[];
}

/** Facts about where records come from, kept in capture files. */
export interface Origin {
  /** Name of the binary interface. */
  readonly abi: string;
  /** Machine identifier, 0 where it is not known. */
  readonly machineId: number;
  /** Boot identifier, 0 where it is not known. */
  readonly bootId: number;
  /** Epoch at the start of the run, 0 where it is not known. */
  readonly epoch: number;
  /**
   * Names the numbering of records in streams, where it outlives a run: two runs whose sources give the same name
   * give the same records the same `firstSequence`. After a crash an output is then not given again what it has
   * had. ASCII without blanks or slashes. Absent where every run counts anew.
   */
  readonly numbering?: string;
}

/** What a source can do. */
export interface SourceCapabilities {
  /** Whether the source ends by itself: `read` returns null some day. */
  readonly finite: boolean;
  /** Whether batches that were not committed come again after a crash. */
  readonly rereadable: boolean;
  /** How many short batches one round may hold back at most; the run is given at least two slabs more. */
  readonly heldBatches: number;
  /** The parts of a policy that the source can make use of; empty where it takes nothing over. */
  readonly pushDown: readonly PolicyPart[];
}

/**
 * A part of a policy that a source may take over.
 *
 * - `types`: rules without tests
 * - `ends`: rules about relations that test nothing but the types at their ends, `snd.type` and `rcv.type`
 * - `fields`: rules with any other test
 */
export type PolicyPart = 'types' | 'ends' | 'fields';

/**
 * Where records come from. Sources are *pulled*: where no slab is free, nothing is read, and that is the
 * back-pressure. All calls come from the main thread, one at a time; `read` is never called while another
 * `read` runs.
 */
export interface CaptureSource {
  readonly capabilities: SourceCapabilities;

  /**
   * Opens the source: claims devices and files, and learns where records come from, which outputs are told when
   * they open. Captures and consumes nothing yet: that begins with the first `read`, when every output is open.
   * Called once.
   * @param signal - aborted where the run is stopped while it starts
   * @param pushDown - the part of the policy that the source is to apply itself, only of kinds that its
   *   capabilities name; null for nothing. Records that it leaves out count as if there had never been any; those
   *   that it cannot leave out it hands over, and the workers do it
   * @returns what is known about the origin of the records
   * @throws CamflowError `SOURCE_UNAVAILABLE` or `PERMISSION_DENIED`
   */
  open(signal: AbortSignal, pushDown?: RecordFilter | null): Promise<Origin>;

  /**
   * Fills a slab with raw records. Waits while there is nothing to read.
   * @param slab - the memory to fill; the source keeps no reference to it afterwards
   * @param signal - aborted to make the source finish: it then hands over what it already holds or can read
   *   without waiting, batch by batch, and returns null. This is how a live source drains at stop.
   * @returns the batch, or null at the end of a finite source and after the last batch of a drain
   * @throws CamflowError `SOURCE_FAILED`; the run then stops, and delivers what it has
   */
  read(slab: Slab, signal: AbortSignal): Promise<RelayBatch | null>;

  /**
   * Every output has taken responsibility for this batch and all batches with a lower id. A re-readable source
   * may forget them. Called in order; may skip ids.
   */
  commit(batchId: number): void;

  /**
   * Another policy holds from now on. Absent where a source can be given one only when it opens: the run then has to be
   * started anew for a policy that pushes down something else. Called while the source is open, also while a `read`
   * waits.
   * @param pushDown - takes the place of what `open` was given
   * @throws CamflowError where that fails; what was pushed down before holds then
   */
  leaveOut?(pushDown: RecordFilter | null): void;

  /**
   * The run does not keep up, or does again: from now on records of these types are not wanted, and those that were
   * are again where they are not named any more. A source leaves out what it can before it costs anything, and counts
   * it as lost by `shed`; the workers leave out the rest. Absent where a source can do nothing about it. Called while
   * the source is open, also while a `read` waits; not for sources that end by themselves.
   * @param types - types of nodes and relations, from the configuration
   */
  shed?(types: readonly RecordType[]): void;

  /** Releases everything. Legal without `open`, and twice. */
  close(): Promise<void>;
}
