import type { LossCause, MalformedReason, Origin, StreamId } from '@camflow/api';

/**
 * What became of the records of one output:
 * `resumed + produced = delivered + filtered + sum(dropped) + spooled + pending`.
 */
export interface OutputBalance {
  /** Name of the output. */
  readonly output: string;
  /** Records that an earlier run had left in the spool. */
  readonly resumed: number;
  /** Records that the source gave or reported as lost, but for those that came again and the output had before. */
  readonly produced: number;
  /** Records that the output acknowledged. */
  readonly delivered: number;
  /** Records that the policy, or the format's dialect, leaves out. */
  readonly filtered: number;
  /** Records lost, by cause; causes that lost none are absent. */
  readonly dropped: Readonly<Partial<Record<LossCause, number>>>;
  /** Gaps of which nobody knows how many records they are, by cause; in no other figure. */
  readonly unknownGaps: Readonly<Partial<Record<LossCause, number>>>;
  /** Records that wait in the spool for the next run; 0 before the stop. */
  readonly spooled: number;
  /** Records accepted and not yet settled, those in the spool among them; 0 after a stop. */
  readonly pending: number;
  /** Units in writes that succeeded, those that the output reported as lost among them. */
  readonly units: number;
  /** Bytes of these units. */
  readonly bytes: number;
}

/** A place where the bytes were not a record. */
export interface MalformedSample {
  readonly cpu: number;
  readonly kind: StreamId['kind'];
  /** Bytes from the start of the stream. */
  readonly position: number;
  readonly reason: MalformedReason;
}

/** The state of a run, while it runs and at its end. */
export interface RunReport {
  readonly origin: Origin | null;
  /** Records read from the source, malformed ones included. */
  readonly recordsRead: number;
  readonly bytesRead: number;
  readonly batches: number;
  /** Records of known types, by the index of their type. */
  readonly countsByType: readonly number[];
  /** Malformed records by reason. */
  readonly malformed: Readonly<Partial<Record<MalformedReason, number>>>;
  /** The first few malformed places, for messages. */
  readonly malformedSamples: readonly MalformedSample[];
  /** Losses reported by the source, by cause. */
  readonly sourceLoss: Readonly<Partial<Record<LossCause, number>>>;
  /** Causes for which the source lost more, nobody knows how many records. */
  readonly sourceLossOfUnknownSize: readonly LossCause[];
  readonly names: { readonly known: number; readonly evicted: number };
  readonly policyHash: string;
  readonly outputs: readonly OutputBalance[];
  /** Workers that died and were replaced. */
  readonly workersReplaced: number;
  readonly elapsedMs: number;
}
