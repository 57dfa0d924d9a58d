import { randomInt } from 'node:crypto';
import { firstNumberOf, type Gap } from '../gaps/gap.ts';
import type { Spool } from '../spool/spool.ts';
import { Ledger } from './ledger.ts';

/** What is on record of an output when a run begins. */
export interface Accounts {
  readonly ledger: Ledger;
  /** What the run before lost as it was killed. */
  readonly uncleanStop: Gap | undefined;
}

/**
 * The accounts of an output, with what was spooled after they were last saved. That the run before was killed is one
 * of the gaps to be told from then on, with a number, for as long as the output does not have it.
 */
export function restoreAccounts({ history, records }: Spool, rereadable: boolean): Accounts {
  const ledger = Ledger.restore(history.ledger);
  for (const parcel of history.parcels) ledger.accept({ ...parcel, records: parcel.parcelRecords });
  const { uncleanSinceMs } = history;
  let uncleanStop: Gap | undefined;
  if (uncleanSinceMs !== undefined && !rereadable) {
    const untilMs = Date.now();
    uncleanStop = {
      cause: 'unclean_stop',
      stream: undefined,
      count: undefined,
      fromMs: Math.min(uncleanSinceMs, ledger.settledUntilMs, untilMs),
      untilMs,
      // Other outputs may be at it in the same millisecond; numbers of gaps of this run do not get that far.
      number: String(firstNumberOf(untilMs) + BigInt(randomInt(1 << 19, 1 << 20))),
    };
    ledger.addUntold(uncleanStop);
  }
  ledger.beginRun();
  // What is taken from the source from now on is not settled; whatever was before is in the gap.
  ledger.settledUntilMs = Date.now();
  const { produced, delivered, filtered, dropped } = ledger;
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  // Where the accounts were lost, what is in the spool is where they begin.
  ledger.produced += records - (produced - delivered - filtered - lost);
  if (history.otherTarget) ledger.forgetMarks();
  return { ledger, uncleanStop };
}
