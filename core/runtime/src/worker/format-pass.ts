import { CamflowError, describeError, type Formatter, type RecordTable } from '@camflow/api';
import { type BatchTask, type FormatFailure, type FormatResult, samplesPerResult } from './messages.ts';
import { nameUnits } from './name-units.ts';
import { type BatchSurroundings, TaskBatch } from './task-batch.ts';
import { UnitCollector } from './unit-collector.ts';

/** Records of a batch that no formatter sees, by reason. */
export interface LeftOut {
  readonly filtered: number;
  readonly shed: number;
  readonly malformed: number;
}

/** One formatter at work, with its output. */
export class FormatPass {
  /** Whether records of unknown type are shown to the formatter. */
  readonly keepsMalformed: boolean;
  readonly #formatter: Formatter;
  readonly #surroundings: BatchSurroundings;
  readonly #words: Int32Array;
  readonly #out: UnitCollector = new UnitCollector();

  constructor(formatter: Formatter, keepsMalformed: boolean, surroundings: BatchSurroundings) {
    this.#formatter = formatter;
    this.keepsMalformed = keepsMalformed;
    this.#surroundings = surroundings;
    this.#words = new Int32Array(surroundings.bytes.buffer);
  }

  /**
   * Formats the records of a table. Never throws for what a formatter does.
   * @param index - which of the spares of the task belongs to this format
   * @param leftOut - records that this format does not get to see
   */
  run(task: BatchTask, index: number, table: RecordTable, leftOut: LeftOut): FormatResult {
    const { filtered, shed, malformed } = leftOut;
    const out = this.#out;
    const failures: FormatFailure[] = [];
    out.begin(task.spares[index], task.byteLength);
    if (filtered > 0) out.drop(filtered, 'filtered');
    if (shed > 0) out.drop(shed, 'shed');
    if (malformed > 0) out.drop(malformed, 'malformed');
    const before = out.accounted;
    if (table.count > 0 || task.newSecurityContexts.length > 0) {
      this.#format(task, table, 0, table.count, failures);
    }
    nameUnits(out, task, table, before, this.#words);
    const { byteLength, unitCount, records, dropped } = out;
    const result = { byteLength, unitCount, records, filtered: out.filtered, dropped, failures };
    return { ...result, buffers: out.take() };
  }

  /** Formats a range; where that fails, both halves of it, down to the records at fault. */
  #format(task: BatchTask, table: RecordTable, from: number, to: number, failures: FormatFailure[]): void {
    const mark = this.#out.mark();
    try {
      this.#attempt(new TaskBatch(task, this.#surroundings, table, from, to));
    } catch (error) {
      this.#out.rollback(mark);
      if (to - from > 1) {
        const middle = (from + to) >>> 1;
        this.#format(task, table, from, middle, failures);
        this.#format(task, table, middle, to, failures);
        return;
      }
      this.#out.drop(to - from, 'format_failed');
      if (failures.length >= samplesPerResult) return;
      const offset = table.offsets[from] ?? task.start;
      const position = task.position + offset - task.slabStart;
      failures.push({ position, message: describeError(error) });
    }
  }

  #attempt(batch: TaskBatch): void {
    const before = this.#out.accounted;
    this.#formatter.format(batch, this.#out);
    if (this.#out.unitOpen) throw new CamflowError('FORMAT_FAILED', 'the formatter left a unit open');
    const accounted = this.#out.accounted - before;
    if (accounted === batch.count) return;
    throw new CamflowError(
      'FORMAT_FAILED',
      `the formatter accounted for ${accounted} of ${batch.count} records`,
      { hint: 'Pass the number of records to endUnit, and to drop those that are left out' },
    );
  }
}
