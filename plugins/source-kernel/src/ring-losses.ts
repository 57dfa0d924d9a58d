import type { Logger, LossCounters } from '@camflow/api';
import type { CaptureCounts } from '@camflow/kernel';

/** What was lost since the last look. */
export interface RingLoss {
  readonly counters: LossCounters;
  /** Whether records were lost before and none any more. */
  readonly over: boolean;
}

/** Counts what the rings had no room for, by the kernel's own counters. */
export class RingLosses {
  readonly #log: Logger;
  #counts: CaptureCounts;
  #malformed = 0;
  #going = false;
  #stateWarned = false;

  /** Losses before these counts are not counted. */
  constructor(counts: CaptureCounts, log: Logger) {
    this.#counts = counts;
    this.#log = log;
  }

  /** Notes samples that were no records. */
  malformed(samples: number): void {
    this.#malformed += samples;
  }

  /** What was lost up to these counts. */
  take(counts: CaptureCounts): RingLoss {
    const full = counts.ring_full - this.#counts.ring_full;
    const malformed = this.#malformed;
    const over = this.#going && full === 0;
    if (counts.state_failures > this.#counts.state_failures && !this.#stateWarned) {
      this.#stateWarned = true;
      this.#log.warn(
        'The kernel has no room for the state of more objects: what happens to them is missing',
        {
          objects: counts.state_failures,
        },
      );
    }
    this.#counts = counts;
    this.#malformed = 0;
    this.#going = full > 0;
    return { counters: { ...(full > 0 && { ring_full: full }), ...(malformed > 0 && { malformed }) }, over };
  }
}
