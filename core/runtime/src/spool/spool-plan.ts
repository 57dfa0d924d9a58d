/** What is done where a spool is at its limit. */
export type SpoolFullRule = 'block' | 'drop_oldest' | 'drop_newest';

/** When what was written to a spool is made durable. */
export type SpoolSyncRule = 'none' | 'interval' | 'batch';

/** How an output is spooled. */
export interface SpoolPlan {
  /** The folder of this output's spool: absolute, made with mode 0700. */
  readonly folder: string;
  /**
   * - `overflow`: units go to the disk where the queue in memory is full, so a healthy output pays next to nothing
   * - `always`: they go to the disk before they go to the output
   */
  readonly mode: 'overflow' | 'always';
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

/** Bytes at which a spool begins its next segment: it is freed, and dropped, segment by segment. */
export function segmentBytes({ maxSizeBytes }: Pick<SpoolPlan, 'maxSizeBytes'>): number {
  return Math.min(64 << 20, Math.max(64 << 10, Math.floor(maxSizeBytes / 8)));
}
