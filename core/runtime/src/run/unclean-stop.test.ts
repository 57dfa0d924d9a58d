import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StreamId } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { outputLosses } from '../spool/inspect-spool.ts';
import { spoolPlan } from '../spool/spool-plan.test.support.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { until } from '../until.test.support.ts';
import { KeepingSink, makeRun, RoundsSource, type RunRequest } from './harness.test.support.ts';
import { fileRecord } from './records.test.support.ts';
import type { Run } from './run.ts';
import type { RunReport } from './run-report.ts';

const short: StreamId = { cpu: 0, kind: 'short' };
const recordCount = 1000;
const records = Buffer.concat(Array.from({ length: recordCount }, (_, i) => fileRecord({ id: i + 1 })));

let folder: string;
let killed: Run[];
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'unclean-'));
  killed = [];
});
afterEach(async () => {
  for (const run of killed) await run.abort().catch(() => {});
  rmSync(folder, { recursive: true, force: true });
});

const plan = (mode: SpoolPlan['mode'], delayMs = 0): SpoolPlan => spoolPlan(folder, { mode, delayMs });

function request(
  spool: SpoolPlan,
  sink: KeepingSink,
  more: { readonly rereadable?: boolean } = {},
  times = 1,
): RunRequest {
  const behaviour = { batchRecords: 100, heldBatches: 0, live: true, rereadable: false, ...more };
  const all = Buffer.concat(Array.from({ length: times }, () => records));
  const source = new RoundsSource([[{ stream: short, records: all }]], behaviour);
  return { source, outputs: [['line-format', sink]], spools: [spool] };
}

/** A sink that takes some writes, and never comes back from the next. */
function stuckAfter(writes: number): KeepingSink {
  const sink = new KeepingSink();
  let taken = 0;
  sink.onWrite = async () => {
    if (++taken > writes) await new Promise(() => {});
    return undefined;
  };
  return sink;
}

/** Starts a run and leaves it as a kill does: the files as they are, and a lock that nobody holds. */
async function kill(of: RunRequest, when: () => boolean): Promise<void> {
  const run = makeRun(of);
  killed.push(run);
  await run.start();
  await until(when);
  rmSync(path.join(folder, 'out', 'lock'));
}

/** A whole run, stopped when its sink has had everything. */
async function complete(of: RunRequest, sink: KeepingSink, lines: number): Promise<RunReport> {
  const run = makeRun(of);
  await run.start();
  await until(() => sink.lines.length >= lines);
  return run.stop();
}

const gapsOf = (...sinks: KeepingSink[]): string[] =>
  sinks.flatMap((sink) => sink.lines.filter((line) => line.startsWith('gap ')));

describe.each(['overflow', 'off'] as const)('a recorder that is killed (spool=%s)', (mode) => {
  test('again and again before it could tell: each time is a gap of its own, told until the output has it', async () => {
    const first = stuckAfter(4);
    await kill(request(plan(mode), first), () => first.lines.length === 400);
    for (let times = 0; times < 2; times++) {
      const stuck = stuckAfter(0);
      const started = Date.now();
      await kill(request(plan(mode), stuck), () => Date.now() > started + 200);
    }
    const last = new KeepingSink();
    const report = await complete(request(plan(mode), last), last, recordCount + 3);
    expect(new Set(gapsOf(last)).size).toBe(3);
    expect(report.outputs[0]).toMatchObject({ delivered: recordCount, unknownGaps: { unclean_stop: 1 } });
    const losses = await outputLosses(folder);
    expect(losses.get('out')).toMatchObject({ unknownGaps: { unclean_stop: 3 } });
    const after = new KeepingSink();
    await complete(request(plan(mode), after), after, recordCount);
    expect(gapsOf(after)).toEqual([]);
  });

  test('after it told, and before that was on record: what is told again is seen to be the same', async () => {
    const first = stuckAfter(4);
    await kill(request(plan(mode), first), () => first.lines.length === 400);
    const told = new KeepingSink();
    // The write that has the gap is carried out, and its receipt never comes.
    let stuck = false;
    told.onWrite = async (units) => {
      if (stuck) return await new Promise(() => {});
      if (!Buffer.from(units.bytes).includes('gap ')) return undefined;
      told.chunks.push(Buffer.from(units.bytes));
      stuck = true;
      return await new Promise(() => {});
    };
    await kill(request(plan(mode), told), () => gapsOf(told).length > 0);
    const last = new KeepingSink();
    await complete(request(plan(mode), last), last, recordCount + 2);
    expect(gapsOf(told)).toHaveLength(1);
    expect(gapsOf(last)).toHaveLength(2);
    expect(gapsOf(last)).toContain(gapsOf(told)[0]);
  });

  test('loses nothing where the source gives again what was not committed', async () => {
    const first = stuckAfter(4);
    await kill(request(plan(mode), first, { rereadable: true }), () => first.lines.length === 400);
    const last = new KeepingSink();
    const report = await complete(request(plan(mode), last, { rereadable: true }), last, recordCount);
    expect(gapsOf(last)).toEqual([]);
    expect(report.outputs[0]).toMatchObject({ unknownGaps: {} });
  });
});

test('gaps that went to the disk are told once, from there', async () => {
  const spool = plan('always');
  const first = stuckAfter(0);
  await kill(
    request(spool, first),
    () => first.chunks.length === 0 && (killed[0]?.figures().outputs[0]?.spool?.records ?? 0) === recordCount,
  );
  const second = stuckAfter(0);
  await kill(
    request(spool, second),
    () => (killed[1]?.figures().outputs[0]?.spool?.records ?? 0) === 2 * recordCount,
  );
  await sleep(50);
  const last = new KeepingSink();
  await complete(request(spool, last), last, 3 * recordCount + 2);
  expect(new Set(gapsOf(last)).size).toBe(2);
});

test('gaps that were dropped from a full disk are told again', async () => {
  const spool = { ...plan('always'), maxSizeBytes: 128 << 10 };
  const many = (sink: KeepingSink): RunRequest => request(spool, sink, {}, 20);
  const dropped = (run: Run): number => run.report().outputs[0]!.dropped.spool_full ?? 0;
  // A kill in this process leaves somebody at work: until there is nothing more to do.
  let [count, since] = [0, Date.now()];
  await kill(many(stuckAfter(0)), () => {
    const now = dropped(killed[0]!);
    if (now !== count) [count, since] = [now, Date.now()];
    return count > 0 && Date.now() - since > 500;
  });
  // Behind what it tells of the kill come more records than the disk has room for.
  const dropping = makeRun(many(stuckAfter(0)));
  await dropping.start();
  await until(() => dropped(dropping) > 0 && dropping.figures().gapsTold > 1);
  await dropping.stop();
  const last = new KeepingSink();
  await complete(request(spool, last), last, recordCount);
  // Kills are told by numbers of the upper half of their moment.
  const numbers = gapsOf(last).map((line) => Buffer.from(line.split(' ')[1]!, 'base64').readBigUInt64LE(8));
  expect(numbers.filter((number) => (number & 0x80000n) !== 0n)).toHaveLength(1);
});

test('a run that could not begin is no unclean stop', async () => {
  const sink = new KeepingSink();
  const source = new RoundsSource([], { live: true, rereadable: false, failOpen: new Error('no relay') });
  const failing = makeRun({ source, outputs: [['line-format', sink]], spools: [plan('overflow')] });
  await expect(failing.start()).rejects.toThrow('no relay');
  const last = new KeepingSink();
  await complete(request(plan('overflow'), last), last, recordCount);
  expect(gapsOf(last)).toEqual([]);
});

test('an output without a spool has accounts of what it lost in all runs', async () => {
  const refusing = new KeepingSink();
  refusing.onWrite = async () => ({ lost: { sink_rejected: 10 } });
  for (let runs = 1; runs <= 2; runs++) {
    const run = makeRun(request(plan('off'), refusing));
    await run.start();
    await until(() => refusing.lines.length === runs * recordCount);
    await run.stop();
    expect((await outputLosses(folder)).get('out')?.records).toEqual({ sink_rejected: runs * 100 });
  }
});
