import { createHash } from 'node:crypto';
import type { StreamId } from '@camflow/api';
import { describe, expect, test, vi } from 'vitest';
import {
  imbalance,
  KeepingSink,
  KeptLog,
  makeRun,
  RoundsSource,
  runToEnd,
  type StreamPart,
} from './harness.test.support.ts';
import { fileRecord, malformedRecord, pathRecord, relationRecord } from './records.test.support.ts';

// Workers run out of memory: some ten seconds on a quiet machine.
vi.setConfig({ testTimeout: 300_000 });

const short: StreamId = { cpu: 0, kind: 'short' };
const long: StreamId = { cpu: 0, kind: 'long' };

function part(stream: StreamId, records: readonly Buffer[], more: Partial<StreamPart> = {}): StreamPart {
  return { stream, records: Buffer.concat(records), ...more };
}

function files(count: number, orders: Readonly<Record<number, number>> = {}): Buffer[] {
  return Array.from({ length: count }, (_, i) => fileRecord({ id: i + 1, order: orders[i] ?? 0 }));
}

function sha(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

describe('order', () => {
  test('bytes are the same with 1, 2 and 3 workers and any slab and batch size', async () => {
    const names = Array.from({ length: 300 }, (_, i) => pathRecord(i + 1, `/srv/${i}`));
    const shorts = Array.from({ length: 6000 }, (_, i) => fileRecord({ id: i, nameId: 1 + (i % 400) }));
    const hashes = new Set<string>();
    for (const [workers, slabBytes, batchRecords] of [
      [1, 136_960, 5000],
      [2, 136_960, 5000],
      [3, 410_880, 5000],
      [2, 1_369_600, 5000],
      [3, 136_960, 17],
    ] as const) {
      const sink = new KeepingSink();
      const source = new RoundsSource([[part(short, shorts), part(long, names)]], {
        batchRecords,
        heldBatches: 500,
      });
      const report = await runToEnd({ source, outputs: [['line-format', sink]], workers, slabBytes });
      expect(report.outputs[0]).toMatchObject({ delivered: 6300, pending: 0, produced: 6300 });
      expect(sink.lines.length).toBe(6300);
      expect(sink.lines.at(-6000)).toContain(' /srv/0 ');
      hashes.add(sha(sink.bytes));
    }
    expect(hashes.size).toBe(1);
  });

  test('what a long record knows does not depend on where batches end', async () => {
    // Records 1 to 100 are named by 51 to 150: only half of these names stand before their use.
    const numbers = [
      ...Array.from({ length: 50 }, (_, i) => i + 101),
      ...Array.from({ length: 100 }, (_, i) => i + 1),
    ];
    const records = numbers.map((id) => pathRecord(id, `/p${id}`, id <= 100 ? id + 50 : 0));
    const outputs = new Set<string>();
    for (const [workers, batchRecords] of [
      [1, 5000],
      [2, 1],
      [1, 7],
      [2, 64],
    ] as const) {
      const sink = new KeepingSink();
      const source = new RoundsSource([[part(long, records)]], { batchRecords });
      await runToEnd({ source, outputs: [['line-format', sink]], workers });
      const named = sink.lines.filter((line) => line.split(' ')[2] !== '-');
      expect(named.length).toBe(50);
      outputs.add(sink.lines.join('\n'));
    }
    expect(outputs.size).toBe(1);
  });

  test('short batches wait for the long ones of their round, and no further', async () => {
    const sink = new KeepingSink();
    const source = new RoundsSource([
      [part(short, [fileRecord({ id: 1, nameId: 7 })]), part(long, [pathRecord(7, '/a')])],
      [part(short, [fileRecord({ id: 2, nameId: 8 })])],
      [part(long, [pathRecord(8, '/b')])],
      [part(short, [fileRecord({ id: 3, nameId: 8 })])],
    ]);
    await runToEnd({ source, outputs: [['line-format', sink]] });
    const seen = sink.lines.map((line) => [line.split(' ')[0], line.split(' ')[2]]);
    expect(seen).toEqual([
      ['path', '-'],
      ['file', '/a'],
      ['file', '-'],
      ['path', '-'],
      ['file', '/b'],
    ]);
  });

  test('security contexts are known from the batch that brings them on', async () => {
    const sink = new KeepingSink();
    const record = (id: number): Buffer => fileRecord({ id, secid: 5 });
    const source = new RoundsSource([
      [part(short, [record(1)])],
      [part(short, [record(2)], { securityContexts: [[5, 'a:b:c']] })],
      [part(short, [record(3)], { securityContexts: [[5, 'x\u00e9']] })],
    ]);
    await runToEnd({ source, outputs: [['line-format', sink]], workers: 1 });
    expect(sink.lines.map((line) => line.split(' ')[3])).toEqual(['-', 'a:b:c', 'x\u00e9']);
  });

  test('a source that holds back more than it said is not waited for', async () => {
    const sink = new KeepingSink();
    const source = new RoundsSource([[part(short, files(600))]], { batchRecords: 10, heldBatches: 2 });
    const report = await runToEnd({ source, outputs: [['line-format', sink]] });
    expect(report.outputs[0]?.delivered).toBe(600);
  });
});

describe('names', () => {
  test('full tables forget the oldest names, the same ones with any number of workers', async () => {
    const limits = {
      names: { entries: 16, textBytes: 4096 },
      securityContexts: { entries: 4, textBytes: 4096 },
      outputQueueBytes: 1 << 20,
    };
    const rounds = Array.from({ length: 40 }, (_, round) => {
      const first = round * 5 + 1;
      const paths = Array.from({ length: 5 }, (_, i) => pathRecord(first + i, `/n${first + i}`));
      // Path 1 is published again each round, and so stays.
      const shorts = [1, first, first + 4, Math.max(1, first - 60)].map((nameId, id) =>
        fileRecord({ id, nameId }),
      );
      return [part(short, shorts), part(long, [pathRecord(1, '/n1'), ...paths])];
    });
    const outputs = [];
    for (const workers of [1, 2, 3]) {
      const sink = new KeepingSink();
      const log = new KeptLog();
      const report = await runToEnd({
        source: new RoundsSource(rounds),
        outputs: [['line-format', sink]],
        workers,
        limits,
        log,
      });
      expect(report.names.evicted).toBeGreaterThan(100);
      expect(report.names.known + report.names.evicted).toBe(200);
      expect(log.matching('the oldest are forgotten').length).toBe(1);
      outputs.push(sink.bytes.toString());
    }
    expect(new Set(outputs).size).toBe(1);
    const named = outputs[0]!.split('\n').filter((line) => line.startsWith('file'));
    expect(named.filter((line) => line.includes(' /n1 ')).length).toBeGreaterThanOrEqual(40);
    const last = named.slice(-4).map((line) => line.split(' ')[2]);
    expect(last).toEqual(['/n1', '/n196', '/n200', '-']);
  });

  test('a name that changes is seen by later batches only', async () => {
    const sink = new KeepingSink();
    const source = new RoundsSource([
      [part(short, [fileRecord({ id: 1, nameId: 1 })]), part(long, [pathRecord(1, '/old')])],
      [part(short, [fileRecord({ id: 2, nameId: 1 })]), part(long, [pathRecord(1, '/new')])],
    ]);
    await runToEnd({ source, outputs: [['line-format', sink]], workers: 3 });
    const names = sink.lines.filter((line) => line.startsWith('file')).map((line) => line.split(' ')[2]);
    expect(names).toEqual(['/old', '/new']);
  });
});

describe('records that are none', () => {
  test('are counted with their place; one format keeps them, the other does not see them', async () => {
    const lines = new KeepingSink();
    const frames = new KeepingSink();
    const records = [...files(3), malformedRecord(), ...files(2), Buffer.alloc(256)];
    const source = new RoundsSource([[part(short, records)]], { batchRecords: 2 });
    const outputs = [
      ['line-format', lines],
      ['frame-format', frames],
    ] as const;
    const report = await runToEnd({ source, outputs });
    expect(lines.lines.length).toBe(6);
    expect(lines.lines.at(-1)).toMatch(/^gap /);
    expect(frames.bytes.equals(Buffer.concat(records))).toBe(true);
    expect(report.outputs[0]).toMatchObject({ delivered: 5, dropped: { malformed: 2 }, pending: 0 });
    expect(report.outputs[1]).toMatchObject({ delivered: 7, dropped: {}, pending: 0 });
    expect(report.malformed).toEqual({ unknown_type: 1, padding: 1 });
    expect(report.malformedSamples).toEqual([
      { cpu: 0, kind: 'short', position: 768, reason: 'unknown_type' },
      { cpu: 0, kind: 'short', position: 1536, reason: 'padding' },
    ]);
    expect(report.recordsRead).toBe(7);
  });
});

describe('policy', () => {
  test('records are filtered by type and by field, and counted as filtered', async () => {
    const sink = new KeepingSink();
    const records = [
      ...files(4),
      relationRecord('read', 1, 'file', 'process_memory'),
      relationRecord('read', 2, 'socket', 'process_memory'),
      relationRecord('write', 3, 'process_memory', 'file'),
    ];
    const report = await runToEnd({
      source: new RoundsSource([[part(short, records)]]),
      outputs: [['line-format', sink]],
      filter: {
        rules: [
          { action: 'keep', nodes: ['file'], where: [{ field: 'id', op: 'in', values: ['2', '0x3'] }] },
          { action: 'drop', nodes: ['*'] },
          { action: 'drop', relations: ['*'], where: [{ field: 'snd.type', op: 'in', values: ['file'] }] },
          { action: 'drop', relations: ['write'] },
        ],
      },
    });
    expect(sink.lines.map((line) => line.split(' ')[0])).toEqual(['file', 'file', 'read']);
    expect(report.outputs[0]).toMatchObject({ delivered: 3, filtered: 4, pending: 0 });
    expect(report.policyHash).toBe('f00d');
  });

  test('a filter that names an unknown type starts nothing', async () => {
    const source = new RoundsSource([]);
    const filter = { rules: [{ action: 'drop', nodes: ['fiel'] }] } as const;
    const run = makeRun({ source, outputs: [['line-format', new KeepingSink()]], filter });
    await expect(run.start()).rejects.toMatchObject({
      code: 'PLUGIN_BAD_OPTIONS',
      message: expect.stringContaining('node type fiel'),
    });
  });
});

describe('formatters that fail', () => {
  test.each([
    [1, 'told to throw'],
    [3, 'told to throw half-way'],
    [4, 'accounted for 0 of 1 records'],
  ])('order %i: only the record at fault is lost, without a trace', async (order, message) => {
    const sink = new KeepingSink();
    const log = new KeptLog();
    const source = new RoundsSource([[part(short, files(500, { 77: order, 300: order }))]]);
    const report = await runToEnd({ source, outputs: [['line-format', sink]], log });
    const healthy = new KeepingSink();
    const others = files(500).filter((_, i) => i !== 77 && i !== 300);
    await runToEnd({
      source: new RoundsSource([[part(short, others)]]),
      outputs: [['line-format', healthy]],
    });
    expect(sink.lines.slice(0, -1)).toEqual(healthy.lines);
    expect(sink.lines.at(-1)).toMatch(/^gap /);
    expect(report.outputs[0]).toMatchObject({ delivered: 498, dropped: { format_failed: 2 }, pending: 0 });
    expect(log.matching(message).length).toBe(2);
    expect(log.matching(`"position":${77 * 256}`).length).toBe(1);
    expect(report.workersReplaced).toBe(0);
  });

  test('a record that ends its worker is found and counted; its neighbours and their order are unharmed', async () => {
    const sink = new KeepingSink();
    const source = new RoundsSource([[part(short, files(1200, { 700: 2 }))]], { batchRecords: 200 });
    const report = await runToEnd({ source, outputs: [['line-format', sink]] });
    const healthy = new KeepingSink();
    const others = files(1200).filter((_, i) => i !== 700);
    await runToEnd({
      source: new RoundsSource([[part(short, others)]]),
      outputs: [['line-format', healthy]],
    });
    expect(sink.lines.slice(0, -1)).toEqual(healthy.lines);
    expect(report.outputs[0]).toMatchObject({ delivered: 1199, dropped: { format_failed: 1 }, pending: 0 });
    // One more: the gap.
    expect(report.countsByType.reduce((sum, count) => sum + count)).toBe(1201);
    expect(report.workersReplaced).toBeGreaterThan(2);
    expect(imbalance(report.outputs[0]!)).toBe(0);
  });

  test('a record on which a formatter uses up all memory costs its worker, not the run', async () => {
    const sink = new KeepingSink();
    const source = new RoundsSource([[part(short, files(2, { 1: 5 }))]]);
    const report = await runToEnd({ source, outputs: [['line-format', sink]] });
    expect(report.outputs[0]).toMatchObject({ delivered: 1, dropped: { format_failed: 1 }, pending: 0 });
    expect(report.workersReplaced).toBe(3);
  });

  test.each(['throwing-factory', 'throwing-import'])(
    '%s: named before anything is opened',
    async (format) => {
      const source = new RoundsSource([]);
      const sink = new KeepingSink();
      let opened = false;
      sink.onOpen = () => {
        opened = true;
      };
      const run = makeRun({ source, outputs: [[format, sink]] });
      await expect(run.start()).rejects.toMatchObject({
        code: 'PLUGIN_CREATE_FAILED',
        message: expect.stringMatching(
          `format ${format} \\(section \\[${format}\\]\\).*${format}\\.js.*was told to throw`,
        ),
      });
      await expect(run.ended).rejects.toMatchObject({ code: 'PLUGIN_CREATE_FAILED' });
      expect(opened || source.isOpen).toBe(false);
    },
  );
});
