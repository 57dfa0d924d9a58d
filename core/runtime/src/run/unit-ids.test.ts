import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type RecordFilter, unitId } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { spoolPlan } from '../spool/spool-plan.test.support.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { until } from '../until.test.support.ts';
import { KeepingSink, makeRun } from './harness.test.support.ts';
import { framedRecord, RingSource } from './ring-source.test.support.ts';
import type { Run } from './run.ts';

/** Numbers as a ring has them: with a hole where it was full, and two that an interruption has put out of order. */
const numbers = Array.from({ length: 1000 }, (_, i) => (i < 300 ? i : i + 5_000_000_000));
[numbers[400], numbers[401]] = [numbers[401]!, numbers[400]!];
const records = numbers.map((number, i) => framedRecord(i + 1, number));

let folder: string;
let killed: Run[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'unit-ids-'));
  killed = [];
});
afterEach(async () => {
  for (const run of killed) await run.abort().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

const plan = (mode: SpoolPlan['mode']): SpoolPlan => spoolPlan(folder, { mode });

/** Keeps every unit it is given, also of the write that it never comes back from. */
class NamingSink extends KeepingSink {
  readonly named: [id: string, text: string][] = [];
  readonly #writes: number;
  #taken = 0;

  constructor(writes = Number.POSITIVE_INFINITY) {
    super();
    this.#writes = writes;
  }

  override onWrite = async (units: Parameters<KeepingSink['write']>[0]): Promise<undefined> => {
    for (let i = 0; i < units.count; i++) {
      const text = Buffer.from(units.bytes.subarray(i === 0 ? 0 : units.ends[i - 1]!, units.ends[i]!));
      this.named.push([unitId(units, i)!, text.toString()]);
    }
    if (++this.#taken > this.#writes) await new Promise(() => {});
    return undefined;
  };
}

/** Runs over the ring, and leaves it as a kill does when the condition holds. */
async function kill(
  sink: NamingSink,
  mode: SpoolPlan['mode'],
  batchRecords: number,
  when: (run: Run) => boolean,
  format = 'line-format',
): Promise<void> {
  const source = new RingSource(records, { batchRecords });
  const run = makeRun({ source, outputs: [[format, sink]], spools: [plan(mode)] });
  killed.push(run);
  await run.start();
  await until(() => when(run));
  rmSync(path.join(folder, 'out', 'lock'));
}

async function complete(
  mode: SpoolPlan['mode'],
  batchRecords: number,
  filter: RecordFilter | null = null,
  format = 'line-format',
): Promise<{ readonly sink: NamingSink; readonly produced: number }> {
  const sink = new NamingSink();
  const source = new RingSource(records, { batchRecords });
  const run = makeRun({ source, outputs: [[format, sink]], spools: [plan(mode)], filter });
  await run.start();
  await until(() => run.report().recordsRead === records.length);
  const report = await run.stop();
  return { sink, produced: report.outputs[0]!.produced };
}

/** Leaves out some of the first batch. */
const others: RecordFilter = {
  rules: [{ action: 'drop', nodes: ['file'], where: [{ field: 'id', op: 'in', values: ['3', '17', '80'] }] }],
};

describe('units of a ring that is read again in other batches', () => {
  test('keep their names: who drops repeats has each record once', async () => {
    const first = new NamingSink(4);
    await kill(first, 'off', 100, () => first.named.length === 500);
    const { sink: second } = await complete('off', 70, others);
    const all = [...first.named, ...second.named];
    expect(all.length).toBeGreaterThan(records.length);
    const byId = new Map(all);
    expect(byId.size).toBe(records.length);
    expect(new Set(byId.values()).size).toBe(records.length);
    // One name, one text.
    for (const [id, text] of all) expect(byId.get(id)).toBe(text);
    expect([...byId.keys()].slice(0, 2)).toEqual(['load/mixed0/0', 'load/mixed0/1']);
    expect(second.named.map(([, text]) => text)).toContain(byId.get('load/mixed0/3'));
    expect(byId.has('load/mixed0/5000000999')).toBe(true);
  });

  test('are not given again where the disk has them, whatever holes their numbers have', async () => {
    const stuck = new NamingSink(0);
    const waiting = (run: Run): number => run.figures().outputs[0]?.spool?.records ?? 0;
    await kill(stuck, 'always', 100, (run) => waiting(run) === records.length);
    await sleep(50);
    const { sink, produced } = await complete('always', 70);
    expect(produced).toBe(0);
    expect(sink.named).toHaveLength(records.length);
    expect(new Map(sink.named).size).toBe(records.length);
  });

  test('of several records have another name where they are of other records', async () => {
    const first = new NamingSink(4);
    await kill(first, 'off', 100, () => first.named.length === 5, 'frame-format');
    const { sink: second } = await complete('off', 70, null, 'frame-format');
    const byId = new Map(first.named);
    for (const [id, text] of second.named) expect(byId.get(id) ?? text).toBe(text);
    expect(second.named[0]![0]).toMatch(/^load\/mixed0\/\d+-[0-9a-f]{8}$/);
  });
});

test('what a source cannot give again is named within the run', async () => {
  const ids = await Promise.all(
    [0, 1].map(async (i) => {
      const sink = new NamingSink();
      const source = new RingSource(records, { batchRecords: 100, rereadable: false });
      const spools = [{ ...plan('off'), folder: path.join(folder, `out${i}`) }];
      const run = makeRun({ source, outputs: [['line-format', sink]], spools });
      await run.start();
      await until(() => sink.named.length === records.length);
      await run.stop();
      return sink.named.map(([id]) => id);
    }),
  );
  expect(new Set(ids.flat()).size).toBe(2 * records.length);
});
