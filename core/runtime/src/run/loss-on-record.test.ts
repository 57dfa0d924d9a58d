import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outputLosses } from '../spool/inspect-spool.ts';
import { spoolPlan } from '../spool/spool-plan.test.support.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { until } from '../until.test.support.ts';
import { KeepingSink, makeRun } from './harness.test.support.ts';
import { framedRecord, RingSource } from './ring-source.test.support.ts';
import type { Run } from './run.ts';

const records = Array.from({ length: 100 }, (_, i) => framedRecord(i + 1, i));

let folder: string;
let killed: Run[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'loss-'));
  killed = [];
});
afterEach(async () => {
  for (const run of killed) await run.abort().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

const plan = (name: string, mode: SpoolPlan['mode']): SpoolPlan =>
  spoolPlan(folder, { folder: path.join(folder, name), mode });

const names = ['spooled', 'plain'];

const spools = (): SpoolPlan[] => [plan('spooled', 'overflow'), plan('plain', 'off')];
const outputs = (sinks: readonly KeepingSink[]) => sinks.map((sink) => ['line-format', sink] as const);

test('a loss is on record for every output before the source is told to forget it, and told after a kill in that moment', async () => {
  // What a kill leaves when the source is told: the accounts as they are on the disk.
  let onDisk: boolean[] = [];
  const source: RingSource = new RingSource(records, {
    batchRecords: 50,
    loss: { ring_full: 7 },
    lossOfUnknownSize: ['missed'],
    onCommit: (id) => {
      if (id !== 3) return;
      onDisk = names.map((name) => {
        const state = readFileSync(path.join(folder, name, 'state'), 'latin1');
        return /"untold":\[[^\]]*"ring_full"[^\]]*"missed"/.test(state.slice(state.lastIndexOf('"untold"')));
      });
    },
  });
  const sinks = [new KeepingSink(), new KeepingSink()];
  const run = makeRun({ source, outputs: outputs(sinks), spools: spools() });
  killed.push(run);
  await run.start();
  await until(() => source.committed.includes(3));
  expect(onDisk).toEqual([true, true]);
  for (const name of names) rmSync(path.join(folder, name, 'lock'));
  const later = [new KeepingSink(), new KeepingSink()];
  const next = makeRun({
    source: new RingSource([], { batchRecords: 50 }),
    outputs: outputs(later),
    spools: spools(),
  });
  await next.start();
  await until(() => later.every(({ lines }) => lines.length >= 2));
  await next.stop();
  for (const { lines } of later) expect(lines.filter((line) => line.startsWith('gap '))).toHaveLength(2);
  const losses = await outputLosses(folder);
  for (const name of names)
    expect(losses.get(name)).toMatchObject({ records: { ring_full: 7 }, unknownGaps: { missed: 1 } });
});

test('a source that is stopped right after a loss is told that it is on record', async () => {
  const source = new RingSource(records, { batchRecords: 50, loss: { ring_full: 7 } });
  const run = makeRun({ source, outputs: outputs([new KeepingSink()]), spools: [spools()[0]] });
  await run.start();
  await run.stop();
  expect(source.committed.at(-1)).toBe(3);
});
