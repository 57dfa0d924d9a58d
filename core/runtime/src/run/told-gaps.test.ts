import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { CamflowError, type StreamId } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Gap } from '../gaps/gap.ts';
import { spoolPlan } from '../spool/spool-plan.test.support.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { loadSpoolState } from '../spool/spool-state.ts';
import { until } from '../until.test.support.ts';
import { KeepingSink, KeptLog, makeRun, RoundsSource, type StreamPart } from './harness.test.support.ts';
import { fileRecord } from './records.test.support.ts';
import type { Run } from './run.ts';

const streams: readonly StreamId[] = [
  { cpu: 0, kind: 'short' },
  { cpu: 1, kind: 'short' },
];
const beganAtMs = 1_700_000_000_000;
const records = (count: number): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => fileRecord({ id: i + 1 })));

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'told-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plan = (more: Partial<SpoolPlan> = {}): SpoolPlan => spoolPlan(folder, { mode: 'always', ...more });

/** The gaps that the output does not have, as they are on record. */
async function untold(): Promise<readonly Gap[]> {
  return (await loadSpoolState(path.join(folder, 'out')))!.ledger['untold'] as readonly Gap[];
}

class DeadSink extends KeepingSink {
  override onWrite = async (): Promise<undefined> => {
    throw new CamflowError('SINK_UNAVAILABLE', 'the peer is away', { retryable: true });
  };
}

/** A run over live rounds, one batch per millisecond of capture, stopped as soon as something holds. */
async function runUntil(
  sink: KeepingSink,
  rounds: readonly (readonly StreamPart[])[],
  spool: SpoolPlan,
  condition: (run: Run) => boolean | Promise<boolean>,
): Promise<void> {
  const capturedAtMs = (id: number): number => beganAtMs + id;
  const source = new RoundsSource(rounds, { live: true, heldBatches: 0, batchRecords: 100, capturedAtMs });
  const run = makeRun({ source, outputs: [['line-format', sink]], spools: [spool] });
  await run.start();
  await until(() => condition(run));
  await run.stop();
}

const gapLines = (sink: KeepingSink): string[] => sink.lines.filter((line) => line.startsWith('gap '));
const causesTold = (sink: KeepingSink): string[] => gapLines(sink).map((line) => line.split(' ')[2]!);

describe.each(['drop_oldest', 'drop_newest'] as const)('%s: what did not fit', (whenFull) => {
  test('is told by stream, with the interval in which it was captured', async () => {
    const batches = 200;
    const rounds = Array.from({ length: batches }, () =>
      streams.map((stream) => ({ stream, records: records(50) })),
    );
    let dropped = 0;
    await runUntil(new DeadSink(), rounds, plan({ whenFull, maxSizeBytes: 256 << 10 }), async (run) => {
      const { recordsRead } = run.report();
      dropped = run.report().outputs[0]!.dropped.spool_full ?? 0;
      return recordsRead === batches * 100 && dropped > 0;
    });
    const gaps = (await untold()).filter(({ cause }) => cause === 'spool_full');
    expect(new Set(gaps.map(({ stream }) => stream?.cpu))).toEqual(new Set([0, 1]));
    expect(gaps.reduce((sum, { count }) => sum + count!, 0)).toBeGreaterThanOrEqual(dropped);
    for (const { fromMs, untilMs } of gaps) {
      expect(fromMs).toBeLessThanOrEqual(untilMs);
      expect(fromMs).toBeGreaterThanOrEqual(beganAtMs);
      expect(untilMs).toBeLessThanOrEqual(beganAtMs + 2 * batches);
    }
    const [first, last] = [Math.min(...gaps.map((g) => g.fromMs)), Math.max(...gaps.map((g) => g.untilMs))];
    // The oldest go from the first on, but for what the output is just given; the newest up to the last.
    if (whenFull === 'drop_oldest') expect(first).toBeLessThan(beganAtMs + 10);
    else expect(last).toBe(beganAtMs + 2 * batches);
  });
});

describe('a gap that waits in the spool', () => {
  const lossy = [[{ stream: streams[0]!, records: records(10), loss: { ring_full: 5 } }]];
  const nothing: readonly (readonly StreamPart[])[] = [];

  /** A run whose output is gone, so that what is told of a loss goes to the disk. */
  const spoolGap = (): Promise<void> =>
    runUntil(new DeadSink(), lossy, plan(), async () =>
      (await untold()).some(({ cause, frameAfter }) => cause === 'ring_full' && frameAfter !== undefined),
    );

  test('is told once, by the run that delivers it, and is off the record then', async () => {
    await spoolGap();
    const sink = new KeepingSink();
    await runUntil(sink, nothing, plan(), () => gapLines(sink).length > 0);
    expect(causesTold(sink)).toEqual(['ring_full']);
    expect(await untold()).toEqual([]);
    const later = new KeepingSink();
    await runUntil(later, lossy, plan(), () => causesTold(later).length > 0);
    expect(causesTold(later)).toHaveLength(1);
  });

  test('and is dropped there by a later run is told again, by one after that too', async () => {
    await spoolGap();
    const many = [[{ stream: streams[1]!, records: records(8000) }]];
    await runUntil(new DeadSink(), many, plan({ maxSizeBytes: 64 << 10 }), (run) => {
      return (run.report().outputs[0]!.dropped.spool_full ?? 0) > 0 && run.report().recordsRead === 8000;
    });
    const sink = new KeepingSink();
    await runUntil(sink, nothing, plan(), () => new Set(causesTold(sink)).size === 2);
    expect(new Set(causesTold(sink))).toEqual(new Set(['ring_full', 'spool_full']));
    expect(await untold()).toEqual([]);
  });

  test('and is damaged there is told again, with the damage', async () => {
    await spoolGap();
    for (const name of readdirSync(path.join(folder, 'out')))
      if (name.endsWith('.segment')) rmSync(path.join(folder, 'out', name));
    const sink = new KeepingSink();
    await runUntil(sink, nothing, plan(), () => new Set(causesTold(sink)).size === 2);
    expect(causesTold(sink).sort()).toEqual(['ring_full', 'spool_damaged']);
    expect(await untold()).toEqual([]);
  });

  test.each(['overflow', 'off'] as const)(
    'that an output refuses is not told: the next run does (spool=%s)',
    async (mode) => {
      const refusing = new KeepingSink();
      let refused = 0;
      refusing.onWrite = async (units) => {
        if (!Buffer.from(units.bytes).includes('gap ')) return undefined;
        refused++;
        throw new CamflowError('SINK_REJECTED', 'no');
      };
      await runUntil(refusing, lossy, plan({ mode }), () => refused > 0);
      expect(await untold()).toMatchObject([{ cause: 'ring_full', count: 5 }]);
      const sink = new KeepingSink();
      await runUntil(sink, nothing, plan({ mode }), () => gapLines(sink).length > 0);
      expect(causesTold(sink)).toEqual(['ring_full']);
      expect([refused, await untold()]).toEqual([1, []]);
    },
  );
});

test('gaps that are told while every slab waits for a worker take no record along', async () => {
  const slow: StreamPart = {
    stream: streams[0]!,
    records: fileRecord({ id: 1, order: 6 }),
    loss: { ring_full: 1 },
  };
  const rounds = Array.from({ length: 7 }, () => [slow]);
  const sink = new KeepingSink();
  const source = new RoundsSource(rounds, { live: true, heldBatches: 0 });
  const log = new KeptLog();
  const run = makeRun({ source, outputs: [['line-format', sink]], workers: 1, log });
  await run.start();
  await until(() => sink.lines.length - gapLines(sink).length === rounds.length);
  const report = await run.stop();
  expect(log.matching('worker thread')).toEqual([]);
  expect(report.outputs[0]!.dropped).toEqual({ ring_full: rounds.length });
  // More than one were on their way at once.
  expect(gapLines(sink).length).toBeGreaterThan(2);
});
