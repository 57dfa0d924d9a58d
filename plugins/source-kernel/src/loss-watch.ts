import type { LossCounters } from '@camflow/api';
import type { ProvenanceSecurityfs, RelaySet } from '@camflow/kernel';

/**
 * Counts what the kernel had no room for. When losses have ended it starts a new epoch, so that nodes and names
 * that were lost are published again; not while they go on, as that would make more of them.
 */
export class LossWatch {
  readonly #relays: RelaySet;
  readonly #securityfs: ProvenanceSecurityfs | undefined;
  #dropped: number;
  #epochDue = false;

  /** Losses before this moment are not counted. */
  constructor(relays: RelaySet, securityfs: ProvenanceSecurityfs | undefined) {
    this.#relays = relays;
    this.#securityfs = securityfs;
    this.#dropped = securityfs?.dropped() ?? 0;
  }

  /**
   * Records lost since the last call.
   * @param final - whether nothing will be read any more: records that have begun are then lost too
   */
  take(final: boolean): LossCounters {
    const truncated = this.#relays.takeCutOff() + (final ? this.#relays.partialRecords : 0);
    const ringFull = this.#takeDropped();
    return { ...(truncated > 0 && { truncated }), ...(ringFull > 0 && { ring_full: ringFull }) };
  }

  #takeDropped(): number {
    if (this.#securityfs === undefined) return 0;
    const dropped = this.#securityfs.dropped();
    const lost = Math.max(0, dropped - this.#dropped);
    this.#dropped = dropped;
    if (lost === 0 && this.#epochDue) this.#securityfs.changeEpoch();
    this.#epochDue = lost > 0;
    return lost;
  }
}
