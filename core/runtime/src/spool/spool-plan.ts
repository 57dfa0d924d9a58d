import { maxUnitFrameBytes } from '@camflow/segment';

/** What is done where a spool is at its limit. */
export type SpoolFullRule = 'block' | 'drop_oldest' | 'drop_newest';

/** When what was written to a spool is made durable. */
export type SpoolSyncRule = 'none' | 'interval' | 'batch';

/** What the units of a spool are for. */
export interface SpoolTarget {
  /** Names where the output writes to, for people: what it has is not what another place has. */
  readonly place: string;
  /** Names the format with its options: units of two formats are not to be mixed. */
  readonly format: string;
}

/** How an output is spooled. */
export interface SpoolPlan {
  /** The folder of this output's spool: absolute, made with mode 0700. */
  readonly folder: string;
  /** What the units are for. An earlier recorder with the same folder may have had something else. */
  readonly target: SpoolTarget;
  /**
   * - `overflow`: units go to the disk where the queue in memory is full, so a healthy output pays next to nothing
   * - `always`: what the output has not acknowledged after `delayMs` goes to the disk, too
   * - `off`: units stay in memory, and hold back the run where that is full; the folder has accounts only
   */
  readonly mode: 'overflow' | 'always' | 'off';
  /** For `always`, in milliseconds; 0: everything goes to the disk before it goes to the output. */
  readonly delayMs: number;
  /** Bytes that the spool may take on the disk. */
  readonly maxSizeBytes: number;
  /** How long units may wait, in milliseconds; 0 for any time. */
  readonly maxAgeMs: number;
  readonly whenFull: SpoolFullRule;
  /**
   * `batch`: an output has taken responsibility once its units are synced; `interval`: once written, and they are
   * synced within a second; `none`: once written.
   */
  readonly sync: SpoolSyncRule;
}

/**
 * Bytes that a frame takes at most: what is read back at once, and no more than a segment. As many as a frame may have:
 * between parcels an output waits for what is under way, so small ones cost those with acknowledgements time.
 */
export function frameBytes(plan: Pick<SpoolPlan, 'maxSizeBytes'>): number {
  return Math.min(maxUnitFrameBytes, segmentBytes(plan));
}

/** Bytes at which a spool begins its next segment: it is freed, and dropped, segment by segment. */
export function segmentBytes({ maxSizeBytes }: Pick<SpoolPlan, 'maxSizeBytes'>): number {
  return Math.min(64 << 20, Math.max(64 << 10, Math.floor(maxSizeBytes / 8)));
}
