import { setTimeout as sleep } from 'node:timers/promises';
import { CamflowError, type StreamId } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { imbalance, KeepingSink, KeptLog, makeRun, RoundsSource, runToEnd } from './harness.test.support.ts';
import { fileRecord, relationRecord } from './records.test.support.ts';
import { defaultRunLimits } from './run-limits.ts';

const short: StreamId = { cpu: 0, kind: 'short' };

function files(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => fileRecord({ id: i + 1 })));
}

function retryable(): CamflowError {
  return new CamflowError('SINK_UNAVAILABLE', 'the peer is away', { retryable: true });
}

/** Of lines that may come again, the first of each: what order is promised for. */
function firstOccurrences(lines: readonly string[]): string[] {
  return [...new Set(lines)];
}

/** Lets a sink take nothing until what this returns is called. */
function holdBack(sink: KeepingSink): () => void {
  let open = (): void => undefined;
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  sink.onWrite = async () => void (await gate);
  return open;
}

async function undisturbed(records: Buffer): Promise<string[]> {
  const sink = new KeepingSink();
  await runToEnd({
    source: new RoundsSource([[{ stream: short, records }]]),
    outputs: [['line-format', sink]],
  });
  return sink.lines;
}

describe('an output that fails for a while', () => {
  test('gets the same units again until it takes them: at least once, in order, exactly counted', async () => {
    const records = files(2000);
    const sink = new KeepingSink();
    const log = new KeptLog();
    let calls = 0;
    sink.onWrite = async (units) => {
      calls++;
      if (calls % 3 === 0) return undefined;
      // Half of it arrived before the connection broke.
      if (calls % 3 === 1)
        sink.chunks.push(Buffer.from(units.bytes.subarray(0, units.ends[units.count >> 1])));
      throw retryable();
    };
    const source = new RoundsSource([[{ stream: short, records }]], { batchRecords: 500 });
    const report = await runToEnd({ source, outputs: [['line-format', sink]], log });
    expect(sink.lines.length).toBeGreaterThan(2000);
    expect(firstOccurrences(sink.lines)).toEqual(await undisturbed(records));
    expect(report.outputs[0]).toMatchObject({ produced: 2000, delivered: 2000, dropped: {}, pending: 0 });
    expect(log.matching('does not take anything now').length).toBe(4);
    expect(log.matching('output works again').length).toBe(4);
  });

  test('is left at the drain timeout; what it did not take is counted as shutdown and not committed', async () => {
    const sink = new KeepingSink();
    sink.onWrite = async () => {
      if (sink.chunks.length >= 2) throw retryable();
      return undefined;
    };
    const source = new RoundsSource([[{ stream: short, records: files(1000) }]], {
      batchRecords: 100,
      live: true,
    });
    const run = makeRun({ source, outputs: [['line-format', sink]], drainTimeoutMs: 300 });
    await run.start();
    while (sink.chunks.length < 2) await sleep(5);
    const report = await run.stop();
    expect(report.outputs[0]).toMatchObject({ delivered: 200, pending: 0 });
    expect(report.outputs[0]?.dropped).toEqual({ shutdown: report.recordsRead - 200 });
    expect(source.committed.at(-1)).toBe(2);
    expect([sink.isOpen, source.isOpen]).toEqual([false, false]);
  });

  test('that never lets go of a write does not hold up the end', async () => {
    const sink = new KeepingSink();
    let writing = false;
    sink.onWrite = () => {
      writing = true;
      return new Promise(() => undefined);
    };
    const source = new RoundsSource([[{ stream: short, records: files(10) }]], { live: true });
    const run = makeRun({ source, outputs: [['line-format', sink]], drainTimeoutMs: 100 });
    await run.start();
    while (!writing) await sleep(5);
    const before = performance.now();
    const report = await run.stop();
    expect(performance.now() - before).toBeLessThan(5_000);
    expect(report.outputs[0]).toMatchObject({ delivered: 0, pending: 0, dropped: { shutdown: 10 } });
    expect(sink.isOpen).toBe(false);
  });
});

describe('an output that refuses', () => {
  test.each([
    ['a permanent CamflowError', new CamflowError('SINK_REJECTED', 'no')],
    ['any other error', new TypeError('a defect')],
  ])('with %s: the records are counted as sink_rejected, and the run goes on', async (_, error) => {
    const sink = new KeepingSink();
    const log = new KeptLog();
    let calls = 0;
    sink.onWrite = async () => {
      if (++calls === 2 || calls === 3) throw error;
      return undefined;
    };
    const source = new RoundsSource([[{ stream: short, records: files(500) }]], { batchRecords: 100 });
    const report = await runToEnd({ source, outputs: [['line-format', sink]], log });
    expect(report.outputs[0]).toMatchObject({ delivered: 300, dropped: { sink_rejected: 200 }, pending: 0 });
    expect(log.matching('refuses units for good').length).toBe(1);
    expect(source.committed.at(-1)).toBe(5);
  });

  test('single units: the receipt is counted by cause', async () => {
    const sink = new KeepingSink();
    sink.onWrite = async () => ({ lost: { unit_too_large: 3 } });
    const source = new RoundsSource([[{ stream: short, records: files(200) }]], { batchRecords: 100 });
    const report = await runToEnd({ source, outputs: [['line-format', sink]] });
    expect(report.outputs[0]).toMatchObject({ delivered: 194, dropped: { unit_too_large: 6 }, pending: 0 });
  });

  test('with a receipt that counts more than it was given: nothing counts as delivered', async () => {
    const sink = new KeepingSink();
    sink.onWrite = async () => ({ lost: { unit_too_large: 101 } });
    const source = new RoundsSource([[{ stream: short, records: files(100) }]]);
    const report = await runToEnd({ source, outputs: [['line-format', sink]] });
    expect(report.outputs[0]).toMatchObject({ delivered: 0, dropped: { sink_rejected: 100 }, pending: 0 });
  });
});

describe('the balance', () => {
  test('holds for each output at any time, losses of the source included', async () => {
    const quick = new KeepingSink();
    const slow = new KeepingSink();
    const flaky = new KeepingSink();
    slow.onWrite = async () => void (await sleep(5));
    let calls = 0;
    flaky.onWrite = async () => {
      if (++calls % 2 === 0) throw retryable();
      return { lost: { unit_too_large: 1 } };
    };
    const rounds = Array.from({ length: 20 }, () => [
      { stream: short, records: files(100), loss: { ring_full: 7, truncated: 1 } },
    ]);
    const outputs = [quick, slow, flaky].map((sink) => ['line-format', sink] as const);
    const run = makeRun({ source: new RoundsSource(rounds), outputs });
    await run.start();
    let looks = 0;
    let ended = false;
    void run.ended.then(() => {
      ended = true;
    });
    while (!ended) {
      for (const balance of run.report().outputs) expect(imbalance(balance)).toBe(0);
      looks++;
      await sleep(1);
    }
    expect(looks).toBeGreaterThan(20);
    const report = run.report();
    const dropped = { ring_full: 140, truncated: 20 };
    expect(report.sourceLoss).toEqual(dropped);
    expect(report.outputs[0]).toMatchObject({ produced: 2160, delivered: 2000, dropped, pending: 0 });
    expect(report.outputs[2]).toMatchObject({ delivered: 1980, dropped: { ...dropped, unit_too_large: 20 } });
  });
});

describe('commits', () => {
  test('follow the slowest output, in order, and never run ahead of it', async () => {
    const quick = new KeepingSink();
    const slow = new KeepingSink();
    const source = new RoundsSource([[{ stream: short, records: files(1000) }]], { batchRecords: 50 });
    let settled = 0;
    slow.onWrite = async () => {
      await sleep(3);
      expect(source.committed.length === 0 || source.committed.at(-1)! <= settled).toBe(true);
      settled++;
      return undefined;
    };
    const outputs = [
      ['line-format', quick],
      ['fast-format', slow],
    ] as const;
    await runToEnd({ source, outputs });
    expect(source.committed.at(-1)).toBe(20);
    expect(source.committed).toEqual([...source.committed].sort((a, b) => a - b));
  });

  test('wait for short batches that are held back', async () => {
    const sink = new KeepingSink();
    const long: StreamId = { cpu: 0, kind: 'long' };
    const round = [
      { stream: short, records: files(10) },
      { stream: long, records: Buffer.alloc(4280) },
      { stream: long, records: Buffer.alloc(0) },
    ];
    const source = new RoundsSource([round, round]);
    await runToEnd({ source, outputs: [['line-format', sink]] });
    // The long batch 2 is settled first, but batch 1 has a lower id.
    expect(source.committed[0]).toBeGreaterThanOrEqual(3);
    expect(source.committed.at(-1)).toBe(6);
  });
});

describe('back-pressure', () => {
  test('an output that takes nothing stops the reading; memory stays bounded', async () => {
    const sink = new KeepingSink();
    const open = holdBack(sink);
    const records = files(500);
    const rounds = Array.from({ length: 400 }, () => [{ stream: short, records }]);
    const source = new RoundsSource(rounds, { heldBatches: 0 });
    const limits = {
      names: { entries: 16, textBytes: 4096 },
      securityContexts: { entries: 16, textBytes: 4096 },
      outputQueueBytes: 100_000,
    };
    const run = makeRun({ source, outputs: [['line-format', sink]], limits });
    await run.start();
    let read = -1;
    for (let quiet = 0; quiet < 10; quiet = run.report().recordsRead === read ? quiet + 1 : 0) {
      read = run.report().recordsRead;
      await sleep(20);
    }
    // Some batches in the queue, and one for each slab: not the 400 that are there.
    expect(source.readIds.length).toBeLessThan(20);
    open();
    const report = await run.ended;
    expect(report.outputs[0]).toMatchObject({ delivered: 200_000, pending: 0 });
  });

  test('what waits for an output waits as raw records: not all that was read is made into text', async () => {
    const sink = new KeepingSink();
    const open = holdBack(sink);
    const rounds = Array.from({ length: 100 }, () => [{ stream: short, records: files(500) }]);
    // Many slabs, all of which are dispatched before the first of them is in the queue, and fills it.
    const source = new RoundsSource(rounds, { heldBatches: 30 });
    const limits = { ...defaultRunLimits, outputQueueBytes: 1 };
    const workers = 2;
    const run = makeRun({ source, outputs: [['line-format', sink]], limits, workers });
    const formatted = (): number => run.figures().workers.reduce((sum, { batches }) => sum + batches, 0);
    await run.start();
    for (let before = -1; formatted() === 0 || formatted() !== before; await sleep(300)) before = formatted();
    expect(source.readIds.length).toBeGreaterThan(20);
    // One in the queue, and what was at the workers when it filled.
    expect(formatted()).toBeLessThan(2 + 2 * workers);
    open();
    const report = await run.ended;
    expect(report.outputs[0]).toMatchObject({ delivered: 50_000, pending: 0 });
  });

  test('sheds by type where it cannot keep up with a live source, and counts what it sheds', async () => {
    const sink = new KeepingSink();
    // Slower than workers are on the busiest machine.
    sink.onWrite = async () => void (await sleep(sink.chunks.length === 0 ? 1000 : 20));
    const mixed = Buffer.concat([
      files(300),
      ...Array.from({ length: 300 }, (_, i) => relationRecord('read', i + 1, 'file', 'process_memory')),
    ]);
    const rounds = Array.from({ length: 60 }, () => [{ stream: short, records: mixed }]);
    const source = new RoundsSource(rounds, { heldBatches: 0, live: true });
    const limits = { ...defaultRunLimits, outputQueueBytes: 1 };
    const run = makeRun({
      source,
      outputs: [['line-format', sink]],
      limits,
      shed: ['read'],
      drainTimeoutMs: 30_000,
    });
    await run.start();
    while (run.report().recordsRead < 36_000) await sleep(10);
    const report = await run.stop();
    const { delivered, dropped, pending } = report.outputs[0]!;
    expect(dropped.shed).toBeGreaterThan(0);
    expect([delivered + dropped.shed!, pending]).toEqual([36_000, 0]);
    const kept = sink.lines.filter((line) => line.startsWith('file ')).length;
    expect(kept).toBe(18_000);
    expect(sink.lines.some((line) => line.startsWith('gap '))).toBe(true);
  });

  test('two million records pass without memory growing', { timeout: 120_000 }, async () => {
    const records = files(4000);
    function* rounds(): Generator<{ stream: StreamId; records: Buffer }[]> {
      for (let i = 0; i < 500; i++) yield [{ stream: short, records }];
    }
    let early = 0;
    let late = 0;
    let written = 0;
    const sink = {
      open: async () => undefined,
      write: async () => {
        written++;
        const { rss } = process.memoryUsage();
        if (written < 200) early = Math.max(early, rss);
        else late = Math.max(late, rss);
        return undefined;
      },
      close: async () => undefined,
    };
    const source = new RoundsSource(rounds(), { heldBatches: 0 });
    const report = await runToEnd({ source, outputs: [['fast-format', sink]], slabBytes: 1_095_680 });
    expect(report.outputs[0]).toMatchObject({ delivered: 2_000_000, pending: 0 });
    expect([written, early > 0]).toEqual([500, true]);
    expect(late - early).toBeLessThan(40 << 20);
  });
});
