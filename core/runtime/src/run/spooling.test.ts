import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { CamflowError, type StreamId } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { readSpool } from '../spool/inspect-spool.ts';
import { spoolPlan } from '../spool/spool-plan.test.support.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { until } from '../until.test.support.ts';
import { imbalance, KeepingSink, makeRun, RoundsSource, type RunRequest } from './harness.test.support.ts';
import { fileRecord } from './records.test.support.ts';
import type { Run } from './run.ts';
import type { RunReport } from './run-report.ts';

const short: StreamId = { cpu: 0, kind: 'short' };
const recordCount = 4000;
const records = Buffer.concat(Array.from({ length: recordCount }, (_, i) => fileRecord({ id: i + 1 })));
const limits = {
  names: { entries: 16, textBytes: 4096 },
  securityContexts: { entries: 16, textBytes: 4096 },
  // Less than one batch: the second one goes to the disk.
  outputQueueBytes: 1,
};

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'spooling-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const spool = (more?: Partial<SpoolPlan>): SpoolPlan => spoolPlan(folder, more);

function source(more: ConstructorParameters<typeof RoundsSource>[1] = {}): RoundsSource {
  return new RoundsSource([[{ stream: short, records }]], { batchRecords: 200, heldBatches: 0, ...more });
}

class DeadSink extends KeepingSink {
  override onWrite = async (): Promise<undefined> => {
    throw new CamflowError('SINK_UNAVAILABLE', 'the peer is away', { retryable: true });
  };
}

/** Runs to the end of the source, or until told to stop; every balance must close at any time. */
async function run(
  request: Omit<RunRequest, 'limits'>,
  during?: (run: Run) => Promise<void>,
): Promise<RunReport> {
  const made = makeRun({ limits, ...request });
  await made.start();
  const looking = setInterval(() => {
    for (const balance of made.report().outputs) expect(imbalance(balance)).toBe(0);
  }, 5);
  try {
    if (during) await during(made).then(() => made.stop());
    const report = await made.ended;
    for (const balance of report.outputs) expect([imbalance(balance), balance.pending]).toEqual([0, 0]);
    return report;
  } finally {
    clearInterval(looking);
  }
}

const linesOf = (sink: KeepingSink): string[] => sink.lines.map((line) => line.split(' ')[1]!);

describe.each(['overflow', 'always'] as const)('an output with a spool (%s)', (mode) => {
  test('that is dead holds back neither the others nor the source, and the next run delivers what it left', async () => {
    const alive = new KeepingSink();
    const dead = new DeadSink();
    const input = source({ live: true });
    const outputs = [['line-format', alive] as const, ['line-format', dead] as const];
    const report = await run({ source: input, outputs, spools: [undefined, spool({ mode })] }, async () => {
      await until(() => alive.units === recordCount && input.committed.at(-1) === 20);
    });
    expect(report.outputs[0]).toMatchObject({ delivered: recordCount, spooled: 0 });
    expect(report.outputs[1]).toMatchObject({
      produced: recordCount,
      delivered: 0,
      spooled: recordCount,
      dropped: {},
    });
    const revived = new KeepingSink();
    const nothing = new RoundsSource([]);
    const later = await run({
      source: nothing,
      outputs: [['line-format', revived]],
      spools: [spool({ mode })],
    });
    expect(later.outputs[0]).toMatchObject({
      resumed: recordCount,
      produced: 0,
      delivered: recordCount,
      spooled: 0,
    });
    expect(linesOf(revived)).toEqual(linesOf(alive));
    expect(readdirSync(path.join(folder, 'out'))).toEqual(['state']);
  });

  test('that comes and goes gets everything once, in order', async () => {
    const flaky = new KeepingSink();
    let calls = 0;
    flaky.onWrite = async () => {
      await sleep(1);
      if (++calls % 4 === 0) throw new CamflowError('SINK_UNAVAILABLE', 'away', { retryable: true });
      return undefined;
    };
    const input = source();
    const report = await run({ source: input, outputs: [['line-format', flaky]], spools: [spool({ mode })] });
    expect(report.outputs[0]).toMatchObject({ produced: recordCount, delivered: recordCount, dropped: {} });
    expect(flaky.units).toBe(recordCount);
    expect(new Set(linesOf(flaky)).size).toBe(recordCount);
    expect(input.committed.at(-1)).toBe(20);
  });

  test('that is killed goes on where it was, and the source is not given twice what it committed', async () => {
    const first = new KeepingSink();
    const input = source({ live: true, numbering: 'n' });
    let taken = 0;
    first.onWrite = async () => {
      if (++taken > 7) await new Promise(() => {});
      return undefined;
    };
    const killed = makeRun({
      source: input,
      outputs: [['line-format', first]],
      spools: [spool({ mode })],
      limits,
    });
    await killed.start();
    await until(() => first.units === 1400 && input.committed.at(-1) === 20);
    // What a kill leaves: the files as they are, and a lock that nobody holds.
    rmSync(path.join(folder, 'out', 'lock'));
    const second = new KeepingSink();
    const again = source({ numbering: 'n' });
    const report = await run({
      source: again,
      outputs: [['line-format', second]],
      spools: [spool({ mode })],
    });
    const all = [...linesOf(first), ...linesOf(second)];
    expect(new Set(all).size).toBe(recordCount);
    expect(report.outputs[0]!.produced).toBe(0);
    expect(report.outputs[0]!.delivered).toBe(report.outputs[0]!.resumed);
    // Repeats are those of the delivery that was not on record, at most.
    expect(all.length).toBeLessThanOrEqual(recordCount + 200);
    await killed.abort().catch(() => {});
  });
});

describe('a spool with a delay', () => {
  /** Runs a sink that takes its time, and tells whether any unit went to the disk. */
  async function spooledBy(waitMs: number, delayMs: number): Promise<boolean> {
    const sink = new KeepingSink();
    let onDisk = false;
    sink.onWrite = async () => {
      await sleep(waitMs);
      onDisk ||= readdirSync(path.join(folder, 'out')).some((name) => name.endsWith('.segment'));
      return undefined;
    };
    const plan = spool({ mode: 'always', delayMs });
    const roomy = { ...limits, outputQueueBytes: 64 << 20 };
    const made = makeRun({
      source: source(),
      outputs: [['line-format', sink]],
      spools: [plan],
      limits: roomy,
    });
    await made.start();
    const report = await made.ended;
    expect(report.outputs[0]).toMatchObject({ delivered: recordCount, dropped: {}, spooled: 0 });
    expect(new Set(linesOf(sink)).size).toBe(recordCount);
    return onDisk;
  }

  test('keeps what is acknowledged in time from the disk, and nothing else', async () => {
    expect(await spooledBy(0, 60_000)).toBe(false);
    expect(await spooledBy(60, 5)).toBe(true);
    expect(await spooledBy(0, 0)).toBe(true);
  });
});

describe('the only output of a source that ends by itself', () => {
  const isSpooled = (): boolean =>
    readdirSync(path.join(folder, 'out')).some((name) => name.endsWith('.segment'));

  test('that is slow holds it back for a moment, and leaves the disk alone', async () => {
    const slow = new KeepingSink();
    let spooled = false;
    slow.onWrite = async () => {
      await sleep(20);
      spooled ||= isSpooled();
      return undefined;
    };
    const report = await run({ source: source(), outputs: [['line-format', slow]], spools: [spool()] });
    expect(report.outputs[0]).toMatchObject({ delivered: recordCount, dropped: {} });
    expect(spooled).toBe(false);
  });

  test('that is gone has everything on its disk', async () => {
    const report = await run(
      { source: source(), outputs: [['line-format', new DeadSink()]], spools: [spool()] },
      async (made) => {
        await until(() => made.figures().outputs[0]!.spool!.records === recordCount);
      },
    );
    expect(report.outputs[0]).toMatchObject({ delivered: 0, spooled: recordCount, dropped: {} });
  });
});

describe('a spool whose output became another', () => {
  /** Kills a run of which the sink took some batches, and the spool the rest. */
  async function killedRun(): Promise<{ readonly taken: string[]; end(): Promise<unknown> }> {
    const first = new KeepingSink();
    const input = source({ live: true, numbering: 'n' });
    let taken = 0;
    first.onWrite = async () => {
      if (++taken > 7) await new Promise(() => {});
      return undefined;
    };
    const outputs: RunRequest['outputs'] = [['line-format', first]];
    const killed = makeRun({ source: input, outputs, spools: [spool()], limits });
    await killed.start();
    await until(() => first.units === 1400 && input.committed.at(-1) === 20);
    rmSync(path.join(folder, 'out', 'lock'));
    return { taken: linesOf(first), end: () => killed.abort().catch(() => {}) };
  }

  /** Goes on with an output of the same name, for which the spool has another target. */
  const goOn = (sink: KeepingSink, target: { readonly place: string; readonly format: string }) =>
    run({
      source: source({ numbering: 'n' }),
      outputs: [['line-format', sink]],
      spools: [spool({ target })],
    });

  test('another place is given everything: it has nothing of what the first one took', async () => {
    const killed = await killedRun();
    const elsewhere = new KeepingSink();
    const report = await goOn(elsewhere, { place: 'elsewhere', format: 'lines' });
    expect(new Set(linesOf(elsewhere)).size).toBe(recordCount);
    expect(report.outputs[0]).toMatchObject({ produced: recordCount, dropped: {} });
    await killed.end();
  });

  test('another format is given nothing that waits in the first one; that is set aside and can be read', async () => {
    const killed = await killedRun();
    const other = new KeepingSink();
    const report = await goOn(other, { place: 'here', format: 'other' });
    expect(report.outputs[0]).toMatchObject({ resumed: 0, produced: recordCount, delivered: recordCount });
    expect(linesOf(other).length).toBe(recordCount);
    const [aside] = readdirSync(folder).filter((name) => name.startsWith('out~'));
    const waiting: string[] = [];
    for await (const { units } of readSpool(path.join(folder, aside!)))
      waiting.push(...Buffer.from(units.bytes).toString().trimEnd().split('\n'));
    const all = [...killed.taken, ...waiting.map((line) => line.split(' ')[1]!)];
    expect(new Set(all).size).toBe(recordCount);
    await killed.end();
  });
});

describe('a spool at its limit', () => {
  test.each(['drop_oldest', 'drop_newest'] as const)('%s: what is dropped is counted', async (whenFull) => {
    const dead = new DeadSink();
    const alive = new KeepingSink();
    const plan = spool({ whenFull, maxSizeBytes: 128 << 10 });
    const outputs = [['line-format', dead] as const, ['line-format', alive] as const];
    const input = source({ live: true });
    const report = await run({ source: input, outputs, spools: [plan, undefined] }, async () => {
      await until(() => input.committed.at(-1) === 20);
    });
    const { dropped, spooled } = report.outputs[0]!;
    expect(dropped.spool_full).toBeGreaterThan(0);
    expect(spooled + dropped.spool_full!).toBe(recordCount);
    expect(alive.units).toBe(recordCount);
    const revived = new KeepingSink();
    const later = await run({
      source: new RoundsSource([]),
      outputs: [['line-format', revived]],
      spools: [plan],
    });
    expect(later.outputs[0]).toMatchObject({ resumed: spooled, delivered: spooled });
    const expected = linesOf(alive);
    // The loss itself stands there too.
    const kept = revived.lines.filter((line) => !line.startsWith('gap ')).map((line) => line.split(' ')[1]!);
    expect(kept.length).toBe(spooled);
    expect(revived.lines.length).toBeGreaterThan(spooled);
    const head = whenFull === 'drop_newest' ? kept.slice(0, 200) : kept.slice(-200);
    expect(head).toEqual(whenFull === 'drop_newest' ? expected.slice(0, 200) : expected.slice(-200));
  });

  test.each(['drop_oldest', 'drop_newest', 'block'] as const)(
    'of one mebibyte is kept with slabs of the usual size, whose batches are many times as large (%s)',
    async (whenFull) => {
      const folderOf = path.join(folder, 'out');
      const maxSizeBytes = 1 << 20;
      const many = Buffer.concat(
        Array.from({ length: 48_000 }, (_, i) => fileRecord({ id: i + 1, secid: 1 })),
      );
      const total = many.length / 256;
      let largest = 0;
      const look = (): void => {
        const sizes = readdirSync(folderOf).flatMap((name) => {
          const file = statSync(path.join(folderOf, name), { throwIfNoEntry: false });
          return name.endsWith('.segment') && file !== undefined ? [file.size] : [];
        });
        largest = Math.max(
          largest,
          sizes.reduce((sum, size) => sum + size, 0),
        );
      };
      const slow = new KeepingSink();
      let open = (): void => {};
      const gate = new Promise<void>((resolve) => {
        open = resolve;
      });
      slow.onWrite = async () => {
        await gate;
        await sleep(2);
        look();
        return undefined;
      };
      const securityContexts = [[1, 'c'.repeat(200)]] as const;
      const input = new RoundsSource([[{ stream: short, records: many, securityContexts }]], {
        heldBatches: 0,
        live: true,
      });
      const outputs = [['line-format', slow] as const, ['line-format', new KeepingSink()] as const];
      const spools = [spool({ mode: 'always', whenFull, maxSizeBytes }), undefined];
      const report = await run({ source: input, outputs, slabBytes: 4_194_304, spools }, async (made) => {
        const balance = () => made.report().outputs[0]!;
        // Takes nothing until there is no room.
        if (whenFull === 'block') await sleep(500);
        else await until(() => (balance().dropped.spool_full ?? 0) > 0);
        open();
        await until(() => made.report().recordsRead === total && balance().pending === 0);
      });
      const { delivered, dropped } = report.outputs[0]!;
      const lost = dropped.spool_full ?? 0;
      expect(delivered + lost).toBe(total);
      expect(lost > 0).toBe(whenFull !== 'block');
      expect(slow.lines.filter((line) => !line.startsWith('gap ')).length).toBe(delivered);
      expect(largest).toBeGreaterThan(maxSizeBytes / 2);
      expect(largest).toBeLessThanOrEqual(maxSizeBytes);
    },
  );

  test('that an output reads from meanwhile: every record is delivered or dropped, and none is both', async () => {
    const many = Buffer.concat(Array.from({ length: 5 }, () => records));
    for (let attempt = 0; attempt < 8; attempt++) {
      const slow = new KeepingSink();
      slow.onWrite = async () => {
        for (let turns = Math.random() * 60; turns > 0; turns--) await new Promise(setImmediate);
        return undefined;
      };
      const input = new RoundsSource([[{ stream: short, records: many }]], {
        batchRecords: 200,
        heldBatches: 0,
      });
      const plan = spool({ mode: 'always', maxSizeBytes: 64 << 10 });
      // Alone it would hold back the source, which ends by itself, and lose nothing.
      const outputs = [['line-format', slow] as const, ['line-format', new KeepingSink()] as const];
      const report = await run({ source: input, outputs, spools: [plan, undefined] });
      const { delivered, dropped } = report.outputs[0]!;
      expect(dropped.spool_full).toBeGreaterThan(0);
      expect(delivered + dropped.spool_full!).toBe(many.length / 256);
      expect(delivered).toBe(slow.lines.filter((line) => !line.startsWith('gap ')).length);
    }
  });

  test('block: nothing more is read until there is room, and nothing is lost', async () => {
    const slow = new KeepingSink();
    let open = (): void => {};
    const gate = new Promise<void>((resolve) => {
      open = resolve;
    });
    slow.onWrite = async () => void (await gate);
    const input = source();
    const plan = spool({ whenFull: 'block', maxSizeBytes: 64 << 10 });
    const made = makeRun({ source: input, outputs: [['line-format', slow]], spools: [plan], limits });
    await made.start();
    for (let read = -1; read !== input.readIds.length; await sleep(300)) read = input.readIds.length;
    expect(input.readIds.length).toBeLessThan(20);
    open();
    const report = await made.ended;
    expect(report.outputs[0]).toMatchObject({ delivered: recordCount, dropped: {}, spooled: 0 });
    expect(new Set(linesOf(slow)).size).toBe(recordCount);
  });

  /** Runs a dead output until it has been at its limit of time for a while. */
  async function tooOld(whenFull: SpoolPlan['whenFull']): Promise<{ report: RunReport; read: number }> {
    const input = source({ live: true });
    const plan = spool({ mode: 'always', maxAgeMs: 200, whenFull });
    // Reading takes longer than units may wait.
    const slow = new KeepingSink();
    slow.onWrite = async () => void (await sleep(60));
    const outputs = [['line-format', new DeadSink()] as const, ['line-format', slow] as const];
    let read = 0;
    const report = await run({ source: input, outputs, spools: [plan, undefined] }, async () => {
      await sleep(2500);
      read = input.readIds.length;
    });
    return { report, read };
  }

  test('drop_oldest: units that wait longer than is allowed are dropped and counted', async () => {
    const { report, read } = await tooOld('drop_oldest');
    const { dropped, spooled } = report.outputs[0]!;
    expect(read).toBe(20);
    expect(dropped.spool_expired! + spooled).toBe(recordCount);
    expect(spooled).toBe(0);
  });

  test('drop_newest: while units have waited longer, what comes is dropped and counted', async () => {
    const { report, read } = await tooOld('drop_newest');
    const { dropped, spooled } = report.outputs[0]!;
    expect(read).toBe(20);
    expect(dropped.spool_expired! + spooled).toBe(recordCount);
    expect(dropped.spool_expired).toBeGreaterThan(0);
    expect(spooled).toBeGreaterThan(0);
  });

  test('block: while units have waited longer, nothing more is read, and nothing is dropped', async () => {
    const { report, read } = await tooOld('block');
    expect(read).toBeLessThan(20);
    const { dropped, spooled, produced } = report.outputs[0]!;
    // What was read and had to wait has a place at the stop.
    expect([dropped, spooled]).toEqual([{}, produced]);
  });
});
