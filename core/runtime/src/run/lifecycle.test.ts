import { setTimeout as sleep } from 'node:timers/promises';
import { CamflowError, type StreamId } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { KeepingSink, KeptLog, makeRun, RoundsSource } from './harness.test.support.ts';
import { fileRecord } from './records.test.support.ts';

const short: StreamId = { cpu: 0, kind: 'short' };

function files(count: number): Buffer {
  return Buffer.concat(Array.from({ length: count }, (_, i) => fileRecord({ id: i + 1 })));
}

describe('start', () => {
  test('opens the source, then the outputs, and reads last; outputs learn the origin', async () => {
    const source = new RoundsSource([[{ stream: short, records: files(10) }]], { live: true });
    const sink = new KeepingSink();
    const seen: unknown[] = [];
    sink.onOpen = () => seen.push([source.isOpen, source.readIds.length]);
    const run = makeRun({ source, outputs: [['line-format', sink]] });
    await run.start();
    expect(seen).toEqual([[true, 0]]);
    expect(sink.origin).toEqual({ abi: 'camflow-0.9', machineId: 1, bootId: 2, epoch: 3 });
    await expect(run.start()).rejects.toMatchObject({ code: 'PIPELINE_STATE' });
    await run.stop();
    expect(run.report().origin).toEqual(sink.origin);
  });

  test('that fails at the second output closes the first one and the source, and reads nothing', async () => {
    const source = new RoundsSource([[{ stream: short, records: files(10) }]]);
    const [first, second] = [new KeepingSink(), new KeepingSink()];
    second.onOpen = () => {
      throw new CamflowError('SINK_MISCONFIGURED', 'no such folder');
    };
    const outputs = [
      ['line-format', first],
      ['line-format', second],
    ] as const;
    const run = makeRun({ source, outputs });
    await expect(run.start()).rejects.toMatchObject({ code: 'SINK_MISCONFIGURED' });
    await expect(run.ended).rejects.toMatchObject({ code: 'SINK_MISCONFIGURED' });
    expect([first.isOpen, second.isOpen, source.isOpen]).toEqual([false, false, false]);
    expect(source.readIds).toEqual([]);
  });

  test('that fails at the source opens no output', async () => {
    const source = new RoundsSource([], { failOpen: new CamflowError('SOURCE_UNAVAILABLE', 'not there') });
    const sink = new KeepingSink();
    const run = makeRun({ source, outputs: [['line-format', sink]] });
    await expect(run.start()).rejects.toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
    expect(sink.origin).toBeUndefined();
  });

  test('that is stopped half-way closes what is open', async () => {
    const source = new RoundsSource([], { live: true });
    const sink = new KeepingSink();
    const run = makeRun({ source, outputs: [['line-format', sink]] });
    sink.onOpen = () => void run.stop().catch(() => undefined);
    await expect(run.start()).rejects.toMatchObject({ code: 'PIPELINE_STATE' });
    expect([sink.isOpen, source.isOpen]).toEqual([false, false]);
  });
});

describe('a start that hangs in a plugin', () => {
  test('ends by abort, with everything closed', async () => {
    const source = new RoundsSource([]);
    const sink = new KeepingSink();
    const run = makeRun({ source, outputs: [['stuck-import', sink]] });
    const starting = run.start();
    await sleep(200);
    const aborted = run.abort();
    await expect(starting).rejects.toMatchObject({ code: 'PIPELINE_STATE' });
    await expect(aborted).rejects.toMatchObject({ code: 'PIPELINE_STATE' });
    expect([sink.isOpen, source.isOpen]).toEqual([false, false]);
  });
});

describe('stop', () => {
  test('delivers what was accepted, flushes, closes; twice is the same', async () => {
    const source = new RoundsSource([[{ stream: short, records: files(1500) }]], { live: true });
    const sink = new KeepingSink();
    sink.onWrite = async () => void (await sleep(20));
    const run = makeRun({ source, outputs: [['line-format', sink]] });
    await run.start();
    while (run.report().recordsRead < 1500) await sleep(2);
    const [report, again] = await Promise.all([run.stop(), run.stop()]);
    expect(again).toBe(report);
    expect(report.outputs[0]).toMatchObject({ delivered: 1500, dropped: {}, pending: 0 });
    expect([sink.flushed, sink.isOpen, source.isOpen]).toEqual([1, false, false]);
    expect(source.committed.at(-1)).toBe(source.readIds.at(-1));
  });

  test('before start ends the run, which then cannot be started', async () => {
    const run = makeRun({ source: new RoundsSource([]), outputs: [['line-format', new KeepingSink()]] });
    expect((await run.stop()).recordsRead).toBe(0);
    await expect(run.start()).rejects.toMatchObject({ code: 'PIPELINE_STATE' });
  });

  test('a source that fails: what it gave is delivered, then the run ends with its error', async () => {
    const failAtEnd = new CamflowError('SOURCE_FAILED', 'the relay is gone');
    const source = new RoundsSource([[{ stream: short, records: files(700) }]], { failAtEnd });
    const sink = new KeepingSink();
    const run = makeRun({ source, outputs: [['line-format', sink]] });
    await run.start();
    await expect(run.ended).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(run.report().outputs[0]).toMatchObject({ delivered: 700, pending: 0 });
    expect([sink.isOpen, source.isOpen]).toEqual([false, false]);
  });

  test('a source that fails to commit ends the run with its error, not the process', async () => {
    const source = new RoundsSource([[{ stream: short, records: files(70) }]]);
    source.commit = () => {
      throw new CamflowError('SOURCE_FAILED', 'the position cannot be kept');
    };
    const sink = new KeepingSink();
    const run = makeRun({ source, outputs: [['line-format', sink]] });
    await run.start();
    await expect(run.ended).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(run.report().outputs[0]).toMatchObject({ delivered: 70, pending: 0 });
    expect([sink.isOpen, source.isOpen]).toEqual([false, false]);
  });

  test('a source that fails while an output is away does not keep the run for ever', async () => {
    const failAtEnd = new CamflowError('SOURCE_FAILED', 'the relay is gone');
    const source = new RoundsSource([[{ stream: short, records: files(70) }]], { failAtEnd });
    const sink = new KeepingSink();
    sink.onWrite = async () => {
      throw new CamflowError('SINK_UNAVAILABLE', 'away', { retryable: true });
    };
    const run = makeRun({ source, outputs: [['line-format', sink]], drainTimeoutMs: 100 });
    await run.start();
    await expect(run.ended).rejects.toMatchObject({ code: 'SOURCE_FAILED' });
    expect(run.report().outputs[0]).toMatchObject({ delivered: 0, dropped: { shutdown: 70 }, pending: 0 });
  });
});

describe('abort', () => {
  test('ends at once, counts the rest as shutdown, and closes everything', async () => {
    const source = new RoundsSource([[{ stream: short, records: files(5000) }]], { batchRecords: 100 });
    const sink = new KeepingSink();
    sink.onWrite = (_, signal) =>
      new Promise((_resolve, reject) => {
        const error = new CamflowError('SINK_UNAVAILABLE', 'told to stop', { retryable: true });
        signal.addEventListener('abort', () => reject(error));
      });
    const run = makeRun({ source, outputs: [['line-format', sink]], drainTimeoutMs: 60_000 });
    await run.start();
    await sleep(50);
    const before = performance.now();
    const report = await run.abort();
    expect(performance.now() - before).toBeLessThan(2_000);
    expect(report.recordsRead).toBeGreaterThan(0);
    expect(report.outputs[0]).toMatchObject({ delivered: 0, pending: 0 });
    expect(report.outputs[0]?.dropped).toEqual({ shutdown: report.recordsRead });
    expect([sink.isOpen, sink.flushed, source.isOpen]).toEqual([false, 0, false]);
    expect(source.committed).toEqual([]);
  });
});

describe('reopen', () => {
  test('happens between two writes', async () => {
    const rounds = Array.from({ length: 50 }, () => [{ stream: short, records: files(20) }]);
    const sink = new KeepingSink();
    sink.onWrite = async () => void (await sleep(2));
    const log = new KeptLog();
    const run = makeRun({ source: new RoundsSource(rounds), outputs: [['line-format', sink]], log });
    await run.start();
    for (let i = 0; i < 5; i++) {
      await run.reopen();
      await sleep(5);
    }
    const report = await run.ended;
    expect(sink.reopened).toBe(5);
    expect(report.outputs[0]).toMatchObject({ delivered: 1000, dropped: {} });
    expect(log.matching('error')).toEqual([]);
  });
});
