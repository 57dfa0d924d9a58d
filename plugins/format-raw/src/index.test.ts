import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  abiCamflow09,
  createRecordTable,
  type RecordBatch,
  scanRecords,
  type UnitWriter,
} from '@camflow/api';
import { type RecordFrame, readRecords } from '@camflow/segment';
import { afterAll, describe, expect, test } from 'vitest';
import formatRaw from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-raw-'));
afterAll(() => rmSync(folder, { recursive: true }));

const memory = new Uint8Array(new SharedArrayBuffer(1 << 21));
for (let at = 0; at < memory.length; at++) memory[at] = (at * 7) ^ (at >>> 9);

/** A batch of the memory from `start` on, without the records that `keep` refuses. */
function batchOf(kind: 'short' | 'long', start: number, records: number, keep: (record: number) => boolean) {
  const size = kind === 'short' ? 256 : 4280;
  const table = createRecordTable(records);
  scanRecords(abiCamflow09, kind, new Int32Array(memory.buffer), start, records * size, table);
  const kept = Array.from({ length: records }, (_, record) => record).filter(keep);
  const batch: RecordBatch = {
    abi: abiCamflow09.id,
    stream: { cpu: 3, kind },
    origin: { abi: abiCamflow09.id, machineId: 0, bootId: 0, epoch: 0 },
    position: 1000 * size,
    start,
    firstSequence: 1000,
    capturedAtMs: 77,
    bytes: memory,
    count: kept.length,
    offsets: Uint32Array.from(kept, (record) => table.offsets[record]!),
    sizes: Uint32Array.from(kept, () => size),
    types: new Uint8Array(kept.length),
    names: { generation: 0, find: () => -1, bytes: () => new Uint8Array(0) },
    securityContexts: { generation: 0, text: () => undefined },
    newSecurityContexts: [],
    records: () => [],
  };
  return batch;
}

function formatted(batch: RecordBatch): { units: Uint8Array[]; records: number[] } {
  const units: Uint8Array[] = [];
  const records: number[] = [];
  const open: Uint8Array[] = [];
  const out: UnitWriter = {
    write: (bytes, start = 0, end = bytes.length) => void open.push(bytes.slice(start, end)),
    writeText: (text) => void open.push(Buffer.from(text)),
    endUnit(count) {
      units.push(Buffer.concat(open.splice(0)));
      records.push(count);
    },
    writeUnits: () => expect.unreachable(),
    drop: () => expect.unreachable(),
  };
  formatRaw.create({}, { section: 'raw', memory }).format(batch, out);
  return { units, records };
}

async function framesOf(units: Uint8Array[]): Promise<RecordFrame[]> {
  const path = join(folder, 'frames');
  writeFileSync(path, Buffer.concat(units));
  const file = await open(path);
  const frames: RecordFrame[] = [];
  for await (const event of readRecords(file, path)) {
    expect(event.kind).toBe('records');
    if (event.kind === 'records') frames.push({ ...event.frame, payload: event.frame.payload.slice() });
  }
  await file.close();
  return frames;
}

/** The bytes of each record of a batch. */
function recordsOf(batch: RecordBatch): string[] {
  return Array.from({ length: batch.count }, (_, i) =>
    Buffer.from(memory.slice(batch.offsets[i]!, batch.offsets[i]! + batch.sizes[i]!)).toString('hex'),
  );
}

function split(frames: RecordFrame[], size: number): string[] {
  const all = Buffer.concat(frames.map((frame) => frame.payload));
  return Array.from({ length: all.length / size }, (_, i) =>
    all.subarray(i * size, (i + 1) * size).toString('hex'),
  );
}

describe.each([
  ['short', 256],
  ['long', 4280],
] as const)('%s records', (kind, size) => {
  test('come back byte for byte, in frames that say where they stood', async () => {
    const batch = batchOf(kind, 8000, 300, () => true);
    const { units, records } = formatted(batch);
    expect(records.reduce((sum, count) => sum + count, 0)).toBe(300);
    expect(Math.max(...units.map((unit) => unit.length))).toBeLessThan(64 * 1024);
    const frames = await framesOf(units);
    expect(frames.map((frame) => frame.records)).toEqual(records);
    expect(split(frames, size)).toEqual(recordsOf(batch));
    let sequence = 1000;
    for (const frame of frames) {
      expect(frame).toMatchObject({
        firstSequence: sequence,
        position: sequence * size,
        span: frame.records,
      });
      expect(frame).toMatchObject({ abi: 'camflow-0.9', stream: { cpu: 3, kind }, capturedAtMs: 77 });
      sequence += frame.records;
    }
    expect(sequence).toBe(1300);
  });

  test('that a policy left out leave a span', async () => {
    const batch = batchOf(kind, 8000, 200, (record) => record % 7 !== 0);
    const frames = await framesOf(formatted(batch).units);
    expect(split(frames, size)).toEqual(recordsOf(batch));
    expect(frames[0]).toMatchObject({ firstSequence: 1001, position: 1001 * size });
    const last = frames.at(-1)!;
    expect(last.firstSequence + last.span).toBe(1200);
    for (const frame of frames) expect(frame.span).toBeGreaterThanOrEqual(frame.records);
  });
});

test('the output is a function of the batch alone', () => {
  const batch = batchOf('short', 0, 500, (record) => record % 3 > 0);
  const first = formatted(batch);
  formatted(batchOf('long', 0, 100, () => true));
  expect(formatted(batch)).toEqual(first);
});

test('security contexts go before the records, however many they are', async () => {
  const contexts = Array.from(
    { length: 400 },
    (_, i) => [i + 1, `user_u:role_r:type_${'x'.repeat(1000)}`] as const,
  );
  const { units, records } = formatted({
    ...batchOf('short', 0, 2, () => true),
    newSecurityContexts: contexts,
  });
  const frames = await framesOf(units);
  expect(frames.flatMap((frame) => frame.securityContexts)).toEqual(contexts);
  expect(records.filter((count) => count > 0)).toEqual([2]);
  expect(records.at(-1)).toBe(2);
  expect(Math.max(...units.map((unit) => unit.length))).toBeLessThan(64 * 1024);
});

test('a batch of nothing is no unit, unless contexts came with it', () => {
  const empty = batchOf('short', 0, 0, () => true);
  expect(formatted(empty).units).toHaveLength(0);
  expect(formatted({ ...empty, newSecurityContexts: [[1, 'a']] }).records).toEqual([0]);
});
