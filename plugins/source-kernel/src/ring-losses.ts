import type { Logger, LossCause, LossCounters } from '@camflow/api';
import type { AccountedLosses, CaptureCounts } from '@camflow/kernel';

/** Why no record was made at all. */
const unmade = {
  state_failures: 'the kernel has no room for the state of more objects: what happens to them is missing',
  missed: 'the kernel left programs out that were running already: what they would have seen is missing',
} as const;

/** What was lost since the last look. */
export interface RingLoss {
  readonly counters: LossCounters;
  /** Causes for which more was lost, nobody knows how many records. */
  readonly ofUnknownSize: readonly LossCause[];
  /** Losses since the programs were loaded, these included: accounted for once whoever got the counters has them. */
  readonly accounted: AccountedLosses;
  /** Whether records were lost before and none any more. */
  readonly over: boolean;
}

/**
 * Finds what was lost by the kernel's own counters: records that the rings had no room for or that were shed, and
 * what no record was made of, objects without state and programs that were left out. Says of the full rings when that
 * begins and ends, and once of each of the last two.
 */
export class RingLosses {
  readonly #log: Logger;
  #accounted: AccountedLosses;
  #looked = false;
  #malformed = 0;
  /** Lost since losses began; 0 while there are none. */
  #going = 0;
  readonly #warned = new Set<LossCause>();

  /**
   * @param accounted - losses since the programs were loaded that were accounted for before: those beyond, while
   *   nobody read the rings, are found with the first look
   */
  constructor(accounted: AccountedLosses, log: Logger) {
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

  /**
   * What was lost up to these counts.
   * @param missed - times that the kernel left a program out; undefined where that was not asked
   */
  take(counts: CaptureCounts, missed: number = this.#accounted.missed): RingLoss {
    const { ring_full, shed, state_failures } = counts;
    const full = ring_full - this.#accounted.ring_full;
    const notWritten = shed - this.#accounted.shed;
    const malformed = this.#malformed;
    const over = this.#going > 0 && full === 0;
    this.#say(full, over);
    const stateless = state_failures - this.#accounted.state_failures;
    const times = missed - this.#accounted.missed;
    this.#warn('state_failures', stateless);
    this.#warn('missed', times);
    this.#looked = true;
    this.#accounted = { ring_full, shed, state_failures, missed };
    this.#malformed = 0;
    this.#going = over ? 0 : this.#going + full;
    return {
      counters: {
        ...(full > 0 && { ring_full: full }),
        ...(notWritten > 0 && { shed: notWritten }),
        ...(malformed > 0 && { malformed }),
      },
      ofUnknownSize: [
        ...(stateless > 0 ? (['state_failures'] as const) : []),
        ...(times > 0 ? (['missed'] as const) : []),
      ],
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

  #warn(cause: keyof typeof unmade, times: number): void {
    if (times === 0 || this.#warned.has(cause)) return;
    this.#warned.add(cause);
    this.#log.warn(unmade[cause], { times });
  }
}
