import type { LossCause, LossCounters } from '@camflow/api';
import type { OutputBalance } from '../run/run-report.ts';

/**
 * Counts what becomes of the records of one output. Every figure is counted where it happens, `pending` too, so
 * that the equation of {@link OutputBalance} says something.
 */
export class OutputBalanceSheet {
  readonly #output: string;
  readonly #dropped: Partial<Record<LossCause, number>> = {};
  readonly #unknown: Partial<Record<LossCause, number>> = {};
  #produced = 0;
  #delivered = 0;
  #filtered = 0;
  #pending = 0;
  #resumed = 0;
  #spooled = 0;
  #units = 0;
  #bytes = 0;

  constructor(output: string) {
    this.#output = output;
  }

  /** Records came from the source, and others were lost before they could. */
  produce(records: number, loss: LossCounters): void {
    this.#produced += records;
    this.#pending += records;
    for (const [cause, lost] of Object.entries(loss) as [LossCause, number][]) {
      this.#produced += lost;
      this.#addDropped(lost, cause);
    }
  }

  /** Records wait in the spool from an earlier run. */
  resume(records: number): void {
    this.#resumed += records;
    this.#pending += records;
  }

  /** Records that were read go to the output's successor, or to nobody as it is gone. */
  handOver(records: number): void {
    this.#produced -= records;
    this.#pending -= records;
  }

  /** Records came again that the output had in an earlier run: nothing is to be done. */
  repeat(records: number): void {
    this.#produced -= records;
    this.#pending -= records;
  }

  /** The run is over, and records wait in the spool for the next one. */
  spool(records: number): void {
    this.#spooled += records;
    this.#pending -= records;
  }

  filter(records: number): void {
    this.#filtered += records;
    this.#pending -= records;
  }

  drop(records: number, cause: LossCause): void {
    this.#addDropped(records, cause);
    this.#pending -= records;
  }

  /** Records were lost, and nobody knows how many. */
  loseUnknown(cause: LossCause): void {
    this.#unknown[cause] = (this.#unknown[cause] ?? 0) + 1;
  }

  deliver(records: number, units: number, bytes: number): void {
    this.#delivered += records;
    this.#pending -= records;
    this.#units += units;
    this.#bytes += bytes;
  }

  /** Records that nothing has become of yet. */
  get pending(): number {
    return this.#pending;
  }

  /** Records of which it is known what became of them. */
  get settled(): number {
    return this.#resumed + this.#produced - this.#pending;
  }

  snapshot(): OutputBalance {
    return {
      output: this.#output,
      resumed: this.#resumed,
      produced: this.#produced,
      delivered: this.#delivered,
      filtered: this.#filtered,
      dropped: { ...this.#dropped },
      unknownGaps: { ...this.#unknown },
      spooled: this.#spooled,
      pending: this.#pending,
      units: this.#units,
      bytes: this.#bytes,
    };
  }

  #addDropped(records: number, cause: LossCause): void {
    if (records > 0) this.#dropped[cause] = (this.#dropped[cause] ?? 0) + records;
  }
}
