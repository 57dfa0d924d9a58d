import type { Logger, LossCounters } from '@camflow/api';
import type { AccountedLosses, CaptureCounts } from '@camflow/kernel';

/** What was lost since the last look. */
export interface RingLoss {
  readonly counters: LossCounters;
  /** Losses since the programs were loaded, these included: accounted for once whoever got the counters has them. */
  readonly accounted: AccountedLosses;
  /** Whether records were lost before and none any more. */
  readonly over: boolean;
}

/** Counts what the rings had no room for and what was shed, by the kernel's own counters; says of the first when it begins and ends. */
export class RingLosses {
  readonly #log: Logger;
  #accounted: AccountedLosses;
  #stateFailures: number;
  #looked = false;
  #malformed = 0;
  /** Lost since losses began; 0 while there are none. */
  #going = 0;
  #stateWarned = false;

  /**
   * @param accounted - losses since the programs were loaded that were accounted for before: those beyond, while
   *   nobody read the rings, are found with the first look
   * @param stateFailures - objects without state that were counted before: what happened before this recorder came was
   *   somebody else's to say
   */
  constructor(accounted: AccountedLosses, stateFailures: number, log: Logger) {
    this.#accounted = accounted;
    this.#stateFailures = stateFailures;
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
    const { ring_full, shed } = counts;
    const full = ring_full - this.#accounted.ring_full;
    const notWritten = shed - this.#accounted.shed;
    const malformed = this.#malformed;
    const over = this.#going > 0 && full === 0;
    this.#say(full, over);
    this.#warnOfState(counts.state_failures);
    this.#looked = true;
    this.#accounted = { ring_full, shed };
    this.#malformed = 0;
    this.#going = over ? 0 : this.#going + full;
    return {
      counters: {
        ...(full > 0 && { ring_full: full }),
        ...(notWritten > 0 && { shed: notWritten }),
        ...(malformed > 0 && { malformed }),
      },
      accounted: this.#accounted,
      over,
    };
  }

  #say(full: number, over: boolean): void {
    if (!this.#looked && full > 0) {
      this.#log.warn('records found no room while no recorder read the rings', { records: full });
    } else if (full > 0 && this.#going === 0) {
      this.#log.warn('the rings are full: records are being lost', { records: full });
    } else if (over) this.#log.warn('the rings have room again', { records_lost: this.#going });
  }

  #warnOfState(failures: number): void {
    const objects = failures - this.#stateFailures;
    if (objects === 0 || this.#stateWarned) return;
    this.#stateWarned = true;
    this.#log.warn('the kernel has no room for the state of more objects: what happens to them is missing', {
      objects,
    });
  }
}
