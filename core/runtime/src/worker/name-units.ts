import { abis, type RecordTable, sequenceReader, writeUnitName } from '@camflow/api';
import type { BatchTask } from './messages.ts';
import type { UnitCollector } from './unit-collector.ts';

/** What an FNV hash of 32 bits begins with, and is multiplied by. */
const hashStart = 0x811c_9dc5;
const hashFactor = 0x0100_0193;

/**
 * Names every unit by the sequence numbers of its records: numbers are what stays the same where the records come again
 * in other batches, or others of them are left out.
 * @param table - the records that were formatted
 * @param before - records that the collector had accounted for before the first of them
 */
export function nameUnits(
  out: UnitCollector,
  task: BatchTask,
  { offsets, sizes }: RecordTable,
  before: number,
  words: Int32Array,
): void {
  const { firstSequence, slabStart: start } = task;
  const sequenceOf = sequenceReader(abis.get(task.abi)!, { start, firstSequence, offsets, sizes }, words);
  const { reached, unitRecords, names } = out;
  let from = 0;
  for (let unit = 0; unit < reached.length; unit++) {
    const to = reached[unit]! - before;
    const records = unitRecords[unit]!;
    const last = records === 0 ? undefined : sequenceOf(to - 1);
    writeUnitName(names, unit, last, records > 1 ? digestOf(sequenceOf, from, to) : 0);
    from = to;
  }
}

/** Of the numbers of some records; never 0. */
function digestOf(sequenceOf: (index: number) => number, from: number, to: number): number {
  let hash = hashStart;
  for (let i = from; i < to; i++) {
    const sequence = sequenceOf(i);
    hash = Math.imul(hash ^ sequence, hashFactor);
    hash = Math.imul(hash ^ (sequence / 2 ** 32), hashFactor);
  }
  return hash >>> 0 || 1;
}
