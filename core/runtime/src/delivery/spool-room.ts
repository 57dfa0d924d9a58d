import type { LossCause } from '@camflow/api';
import type { Spool } from '../spool/spool.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';

/** What sees to the limits of a spool works with. */
export interface SpoolRoomParts {
  readonly spool: Spool;
  readonly plan: SpoolPlan;
  /** Aborted where the run ends: then nobody waits for room any more. */
  readonly stopping: AbortSignal;
  /** Drops the oldest segment. @returns false where there is none */
  dropOldest(cause: LossCause): Promise<boolean>;
  /** One line for a row of troubles. */
  complain(message: string): void;
}

/** Keeps a spool within its limits, of bytes and of time, by the rule of its plan. */
export class SpoolRoom {
  readonly #parts: SpoolRoomParts;
  #waiting: (() => void)[] = [];
  #draining = false;

  constructor(parts: SpoolRoomParts) {
    this.#parts = parts;
  }

  /**
   * Sees to it that a frame may be written.
   * @param bytes - that it takes
   * @returns `room` where it may be; `again` where something has changed, and it may not be wanted there any more; or
   * why it is to be dropped
   */
  async make(bytes: number): Promise<'room' | 'again' | LossCause> {
    const { spool, plan, stopping, complain, dropOldest } = this.#parts;
    const refusal = spool.refusal(bytes);
    const limit = refusal ?? this.#reached(bytes);
    if (limit === undefined) return 'room';
    if (plan.whenFull === 'block') {
      if (stopping.aborted) return refusal ?? 'room';
      if (this.#draining && refusal === undefined) return 'room';
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
      return 'again';
    }
    if (refusal === undefined && plan.whenFull === 'drop_oldest' && (await dropOldest(limit))) {
      complain('the spool is at its limit; its oldest units are dropped');
      return 'again';
    }
    complain('the spool is at its limit; what comes now is dropped');
    return limit;
  }

  /** Drops what has waited for longer than is allowed, though nothing new comes. */
  async expire(): Promise<void> {
    const { spool, plan, dropOldest } = this.#parts;
    while (plan.whenFull === 'drop_oldest' && spool.isTooOld) {
      if (!(await dropOldest('spool_expired'))) return;
    }
  }

  /** The run is about to end: what was read has to go somewhere, beyond the limit if need be. */
  drain(): void {
    this.#draining = true;
    this.wake();
  }

  /** The output has taken something, or the run ends. */
  wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #reached(bytes: number): LossCause | undefined {
    const { spool } = this.#parts;
    if (spool.isTooOld) return 'spool_expired';
    return !spool.hasRoom(bytes) ? 'spool_full' : undefined;
  }
}
