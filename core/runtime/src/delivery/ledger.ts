import type { LossCause, LossCounters, StreamId } from '@camflow/api';
import { type Gap, joinGaps, nameOfStream, type Whereabouts } from '../gaps/gap.ts';

/** What a {@link Ledger} is saved as. */
export interface SavedLedger {
  readonly [key: string]: unknown;
  readonly produced: number;
  readonly delivered: number;
  readonly filtered: number;
  readonly dropped: Readonly<Partial<Record<LossCause, number>>>;
  readonly numbering: string;
  readonly marks: Readonly<Record<string, number>>;
  readonly untold: readonly Gap[];
  readonly unknown: Readonly<Partial<Record<LossCause, number>>>;
  readonly settledUntilMs: number;
}

/** What a ledger needs to know of a parcel. */
export interface LedgerEntry {
  readonly numbering: string;
  readonly stream: StreamId;
  /**
   * Where its relay batch ends in its stream; undefined where that means nothing to another run, and for all parts of it but
   * the last: with that one the output has taken responsibility for all of them.
   */
  readonly mark?: number;
  readonly records: number;
  readonly filtered: number;
  readonly dropped: Readonly<Partial<Record<LossCause, number>>>;
}

/**
 * The accounts of an output over all runs that share its spool: what it has taken responsibility for, and what
 * became of it. `produced = delivered + filtered + sum(dropped) + what is in the spool`.
 */
export class Ledger {
  produced = 0;
  delivered = 0;
  filtered = 0;
  readonly dropped: Partial<Record<LossCause, number>> = {};
  /** Gaps of which nobody knows how many records they are, by cause. */
  readonly unknown: Partial<Record<LossCause, number>> = {};
  /**
   * Gaps that the output does not have: the next run tells them. Whoever tells them in this run keeps this up to
   * date.
   */
  untold: () => readonly Gap[] = () => [];
  /** What waited in the spool up to a frame is somewhere else now, but for what stands before another one. */
  moveSpooled: (until: number, to: Whereabouts, except?: number) => void = () => {};
  /** What was captured before, in milliseconds since 1970, is settled: it cannot be lost any more. */
  settledUntilMs: number = Date.now();
  #numbering = '';
  /** Up to where the output took responsibility, by stream. */
  #marks: Record<string, number> = {};
  /** What it had taken responsibility for when this run began. */
  #earlier: { readonly numbering: string; readonly marks: Readonly<Record<string, number>> } | undefined;

  static restore(saved: Readonly<Record<string, unknown>> | undefined): Ledger {
    const ledger = new Ledger();
    const { produced, delivered, filtered, dropped, numbering, marks } = (saved ??
      {}) as Partial<SavedLedger>;
    const { untold = [], unknown, settledUntilMs } = (saved ?? {}) as Partial<SavedLedger>;
    ledger.produced = produced ?? 0;
    ledger.delivered = delivered ?? 0;
    ledger.filtered = filtered ?? 0;
    Object.assign(ledger.dropped, dropped);
    Object.assign(ledger.unknown, unknown);
    ledger.untold = () => untold;
    ledger.settledUntilMs = settledUntilMs ?? ledger.settledUntilMs;
    ledger.#numbering = numbering ?? '';
    ledger.#marks = { ...marks };
    ledger.beginRun();
    return ledger;
  }

  /** From here on {@link covers} tells of what is on record by now. */
  beginRun(): void {
    this.#earlier = { numbering: this.#numbering, marks: { ...this.#marks } };
  }

  /** A gap to be told, as nobody else knows of it. */
  addUntold(gap: Gap): void {
    if (gap.count === undefined) this.loseUnknown(gap.cause);
    const gaps = withinBound([...this.untold(), gap]);
    this.untold = () => gaps;
  }

  /** The output takes responsibility for a parcel, or a part of one. */
  accept(entry: LedgerEntry): void {
    this.produced += entry.records + entry.filtered;
    this.filtered += entry.filtered;
    this.lose(entry.dropped);
    if (entry.mark === undefined) return;
    if (entry.numbering !== this.#numbering) {
      this.#numbering = entry.numbering;
      this.#marks = {};
    }
    const key = keyOf(entry.stream);
    this.#marks[key] = Math.max(this.#marks[key] ?? 0, entry.mark);
  }

  /** Records were lost before they became part of a parcel. */
  lose(loss: LossCounters): void {
    for (const [cause, records] of Object.entries(loss) as [LossCause, number][]) {
      this.produced += records;
      this.drop(records, cause);
    }
  }

  /** Records were lost, nobody knows how many: one gap. */
  loseUnknown(cause: LossCause): void {
    this.unknown[cause] = (this.unknown[cause] ?? 0) + 1;
  }

  /** Records for which the output is responsible are lost. */
  drop(records: number, cause: LossCause): void {
    if (records > 0) this.dropped[cause] = (this.dropped[cause] ?? 0) + records;
  }

  /** Records that nothing has become of yet: those in the spool, where the accounts close. */
  get waiting(): number {
    const lost = Object.values(this.dropped).reduce((sum, count) => sum + count, 0);
    return this.produced - this.delivered - this.filtered - lost;
  }

  /** Whether the output took responsibility for what ends here before: in an earlier run that was killed. */
  covers(numbering: string, stream: StreamId, mark: number): boolean {
    const { numbering: known, marks = {} } = this.#earlier ?? {};
    return numbering === known && mark <= (marks[keyOf(stream)] ?? 0);
  }

  /** Records were all there are to come of this numbering: another run over them begins anew. */
  forgetMarks(): void {
    this.#marks = {};
    this.#earlier = undefined;
  }

  /** Up to where the output took responsibility, by stream. */
  get marks(): Readonly<Record<string, number>> {
    return this.#marks;
  }

  save(): SavedLedger {
    const { produced, delivered, filtered, dropped } = this;
    return {
      produced,
      delivered,
      filtered,
      dropped: { ...dropped },
      numbering: this.#numbering,
      marks: { ...this.#marks },
      untold: this.untold(),
      unknown: { ...this.unknown },
      settledUntilMs: this.settledUntilMs,
    };
  }
}

function keyOf({ cpu, kind }: StreamId): string {
  return `${kind}${cpu}`;
}

/** Most gaps that are kept apart: a recorder that is killed again and again, and never gets to tell, has no more. */
const mostUntold = 100;

function withinBound(gaps: readonly Gap[]): readonly Gap[] {
  if (gaps.length <= mostUntold) return gaps;
  const [first, ...others] = gaps as [Gap, ...Gap[]];
  const same = others.find(
    ({ cause, stream }) => cause === first.cause && nameOfStream(stream) === nameOfStream(first.stream),
  );
  return same === undefined ? gaps : [joinGaps(first, same), ...others.filter((gap) => gap !== same)];
}
