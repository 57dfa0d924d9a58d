import type { RecordFilter } from '@camflow/api';
import { expect } from 'vitest';
import { countGraph } from './describe-graph.ts';
import type { RecordedCase } from './recorded-cases.ts';
import { workerSide } from './worker-side.ts';

/**
 * Expects that workers make the same graph of both recordings of a case, and that the source had left something out.
 * @param filter - what the workers apply to both
 * @param neverWritten - types of records that a source has, and leaves out
 */
export function expectSameGraph(
  recorded: RecordedCase,
  filter: RecordFilter | null,
  neverWritten: readonly string[],
): void {
  const [pushed, whole] = [workerSide(recorded.pushed, filter), workerSide(recorded.whole, filter)];
  const lines = countGraph(pushed.kept);
  expect(lines.length).toBeGreaterThan(3);
  expect(lines).toEqual(countGraph(whole.kept));
  expect(pushed.types.filter((type) => neverWritten.includes(type))).toEqual([]);
  expect(neverWritten.filter((type) => !whole.types.includes(type))).toEqual([]);
  if (neverWritten.length > 0) expect(pushed.records).toBeLessThan(whole.records);
}
