import { createRecordBatch, joinRecords, nodeRecord, relationRecord, UnitCollector } from '@camflow/testkit';
import { describe, expect, test, vi } from 'vitest';
import { captureRecords } from './capture-records.ts';
import { problemWith } from './check-units.ts';
import { createCorpora } from './corpus.ts';
import { fuzzFiles } from './fuzz-files.ts';
import { fuzzRecords } from './fuzz-records.ts';
import { unwatched } from './progress.ts';

// Tens of thousands of records go through every format.
vi.setConfig({ testTimeout: 300_000 });

test('20,000 mutated records give valid output in both formats and dialects', async () => {
  const done = await fuzzRecords(createCorpora(captureRecords()), 20_000, 1, unwatched);
  expect(done.records).toBe(20_000);
  expect(done.malformed).toBeGreaterThan(500);
  expect(done.units).toBeGreaterThan(20_000);
});

test('200 mutated captures are read to their end, and give only what was captured', async () => {
  const done = await fuzzFiles(200, 1, unwatched);
  expect(done.files).toBe(200);
  expect(done.records).toBeGreaterThan(1000);
  expect(done.lost).toBeGreaterThan(100);
});

describe('the checks of the fuzzer find', () => {
  const batch = createRecordBatch({
    kind: 'short',
    bytes: joinRecords([nodeRecord('task'), relationRecord('read')]),
  });

  test.each([
    ['a key twice', ['{"annotations":{"a":1,"a":2}}\n', '{"annotations":{}}\n'], 'key a twice'],
    ['bytes that are not UTF-8', ['{"annotations":"\xff"}\n', '{"annotations":{}}\n'], 'not UTF-8'],
    ['a NUL', ['{"annotations":{}}\0\n', '{"annotations":{}}\n'], 'text after the value'],
    ['a missing newline', ['{"annotations":{}}', '{"annotations":{}}\n'], 'no newline'],
    ['a line without annotations', ['{"annotations":{}}\n', '{}\n'], 'no annotations'],
    ['a record too few', ['{"annotations":{}}\n'], '1 of 2 records'],
  ])('%s', (_, units, problem) => {
    const out = new UnitCollector();
    for (const unit of units) {
      out.write(Buffer.from(unit, 'latin1'));
      out.endUnit(1);
    }
    expect(problemWith(out, batch.count, 'spade_json')).toContain(problem);
  });
});
