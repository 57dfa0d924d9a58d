import type { Logger, LossCounters } from '@camflow/api';
import type { CaptureCounts } from '@camflow/kernel';

/** What was lost since the last look. */
export interface RingLoss {
  readonly counters: LossCounters;
  /** Losses since the programs were loaded, these included: accounted for once whoever got the counters has them. */
  readonly accounted: number;
  /** Whether records were lost before and none any more. */
  readonly over: boolean;
}

/** Counts what the rings had no room for, by the kernel's own counters, and says so when it begins and ends. */
export class RingLosses {
  readonly #log: Logger;
  #accounted: number;
  #stateFailures: number | undefined;
  #malformed = 0;
  /** Lost since losses began; 0 while there are none. */
  #going = 0;
  #stateWarned = false;

  /**
   * @param accounted - losses since the programs were loaded that were accounted for before: those beyond, while
   *   nobody read the rings, are found with the first look
   */
  constructor(accounted: number, log: Logger) {
    this.#accounted = accounted;
    this.#log = log;
  }

  /** Whether the end of losses has to be looked for. */
  get going(): boolean {
    return this.#going > 0;
  }

  /** Notes samples that were no records. */
  malformed(samples: number): void {
    this.#malformed += samples;
  }

  /** What was lost up to these counts. */
  take(counts: CaptureCounts): RingLoss {
    const full = counts.ring_full - this.#accounted;
    const malformed = this.#malformed;
    const over = this.#going > 0 && full === 0;
    this.#say(full, over);
    this.#warnOfState(counts.state_failures);
    this.#accounted = counts.ring_full;
    this.#malformed = 0;
    this.#going = over ? 0 : this.#going + full;
    return {
      counters: { ...(full > 0 && { ring_full: full }), ...(malformed > 0 && { malformed }) },
      accounted: counts.ring_full,
      over,
    };
  }

  #say(full: number, over: boolean): void {
    if (this.#stateFailures === undefined && full > 0) {
      this.#log.warn('records found no room while no recorder read the rings', { records: full });
    } else if (full > 0 && this.#going === 0) {
      this.#log.warn('the rings are full: records are being lost', { records: full });
    } else if (over) this.#log.warn('the rings have room again', { records_lost: this.#going });
  }

  /** What happened before this recorder came was somebody else's to say. */
  #warnOfState(failures: number): void {
    const before = this.#stateFailures ?? failures;
    this.#stateFailures = failures;
    if (failures === before || this.#stateWarned) return;
    this.#stateWarned = true;
    this.#log.warn('The kernel has no room for the state of more objects: what happens to them is missing', {
      objects: failures,
    });
  }
}
