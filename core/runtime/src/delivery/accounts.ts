import { randomInt } from 'node:crypto';
import type { Logger } from '@camflow/api';
import { firstNumberOf, type Gap } from '../gaps/gap.ts';
import { notSpooled } from '../gaps/untold-gaps.ts';
import type { Spool } from '../spool/spool.ts';
import { Ledger } from './ledger.ts';

/** What is on record of an output when a run begins. */
export interface Accounts {
  readonly ledger: Ledger;
  /** What the run before lost as it was killed. */
  readonly uncleanStop: Gap | undefined;
  /** Records by which accounts that were left in order do not close: a defect. 0 otherwise. */
  readonly imbalance: number;
}

/**
 * The accounts of an output, with what was spooled after they were last saved. That the run before was killed is one
 * of the gaps to be told from then on, with a number, for as long as the output does not have it.
 */
export function restoreAccounts(spool: Spool, rereadable: boolean, log: Logger): Accounts {
  const { history, records } = spool;
  const ledger = Ledger.restore(history.ledger);
  // What waits no more where it was put was lost with that, and is told anew.
  const untold = ledger.untold().map((gap) => (spool.holds(gap.frameAfter ?? 0) ? gap : notSpooled(gap)));
  ledger.untold = () => untold;
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
  const missing = ledger.waiting - records;
  // Where the accounts were lost, what is in the spool is where they begin.
  ledger.produced -= missing;
  const hadAccounts = history.ledger?.['produced'] !== undefined;
  const imbalance = hadAccounts && uncleanSinceMs === undefined ? missing : 0;
  if (imbalance !== 0) log.error('the accounts that an earlier run left do not close', { missing });
  // What an output took while a kill came, before that was on record, is given to it again.
  else if (missing !== 0) log.warn('the accounts begin with what is in the spool', { missing });
  if (history.otherTarget) ledger.forgetMarks();
  return { ledger, uncleanStop, imbalance };
}
