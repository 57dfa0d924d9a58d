import {
  abiBpf1,
  createRecordTable,
  frameSequence,
  LazyRecordView,
  malformedReason,
  measureRecords,
  recordSequence,
  scanRecords,
} from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { nodeIdentifier } from './identifier.ts';
import { nodeRecord, relationRecord } from './record-writer.ts';

const noTexts = {
  generation: 0,
  find: () => -1,
  bytes: () => new Uint8Array(0),
  text: () => undefined,
};
const longText = 'a/'.repeat(30_000);

const records = [
  nodeRecord('task', { id: 7, pid: 12 }, abiBpf1, 100),
  nodeRecord('path', { id: 9, name: longText }, abiBpf1, 101),
  nodeRecord('argv', { id: 10, value: 'abc', length: 5000, truncated: 1 }, abiBpf1, 103),
  relationRecord('read', { snd: nodeIdentifier({ type: 'task', id: 7 }), flags: 3 }, abiBpf1, 104),
  nodeRecord('path', { id: 11, name: '' }, abiBpf1, 105),
];

function scanned(bytes: Uint8Array) {
  const memory = new Uint8Array(new SharedArrayBuffer(8 + bytes.length + 8)).fill(0xff);
  memory.set(bytes, 8);
  const table = createRecordTable(0);
  scanRecords(abiBpf1, 'mixed', new Int32Array(memory.buffer), 8, bytes.length, table);
  const types = [...table.types.subarray(0, table.count)];
  const view = new LazyRecordView(memory, noTexts, noTexts);
  const field = (index: number, name: string) => {
    view.moveTo(types[index]!, table.offsets[index]!, abiBpf1.shapes);
    return view.field(name);
  };
  return { memory, table, types, field };
}

describe('records of recorded size', () => {
  const bytes = Buffer.concat(records);

  test('are found with their types, sizes and numbers', () => {
    const { memory, table, types, field } = scanned(bytes);
    expect(types.every((type) => type > 0)).toBe(true);
    expect(table.count).toBe(records.length);
    expect([...table.sizes.subarray(0, table.count)]).toEqual(records.map(({ length }) => length - 16));
    const batch = { bytes: memory, start: 8, firstSequence: 100, ...table };
    expect(records.map((_, i) => recordSequence(abiBpf1, batch, i))).toEqual([100, 101, 103, 104, 105]);
    expect(field(0, 'pid')).toBe(12);
    expect(field(3, 'flags')).toBe(3n);
  });

  test('hold text of any length, whole', () => {
    const { field } = scanned(bytes);
    expect(field(1, 'name')).toBe(longText);
    expect([field(2, 'value'), field(2, 'length'), field(2, 'truncated')]).toEqual(['abc', 5000n, 1]);
    expect(field(4, 'name')).toBe('');
  });

  test('are measured up to the last one that is whole', () => {
    const ends = records.map((_, i) => records.slice(0, i + 1).reduce((sum, { length }) => sum + length, 0));
    for (const [i, end] of ends.entries()) {
      const whole = { records: i + 1, byteLength: end };
      expect(measureRecords(abiBpf1, 'mixed', bytes, 0, end)).toEqual(whole);
      expect(measureRecords(abiBpf1, 'mixed', bytes, 0, bytes.length, i + 1)).toEqual(whole);
      if (i > 0) expect(measureRecords(abiBpf1, 'mixed', bytes, 0, end - 8).records).toBe(i);
    }
    expect(frameSequence(bytes, ends[1]!)).toBe(103);
  });

  test.each([
    ['a stored length beyond the record', 16 + 152, 17, 'cut_short'],
    ['a stored length beyond everything', 16 + 152, 0xffff_ffff, 'cut_short'],
    ['a type that is none', 16, 3, 'unknown_type'],
  ])('are malformed with %s, and their neighbours are not', (_, at, value, reason) => {
    const broken = Buffer.from(nodeRecord('path', { id: 1, name: '0123456789abcdef' }, abiBpf1));
    broken.writeUInt32LE(value, at);
    const { memory, table, types } = scanned(Buffer.concat([records[0]!, broken, records[3]!]));
    expect(types.map((type) => type > 0)).toEqual([true, false, true]);
    expect(malformedReason(abiBpf1, memory, table.offsets[1]!, table.sizes[1]!)).toBe(reason);
  });

  test('shorter than their structure are malformed', () => {
    const short = Buffer.from(records[0]!.subarray(0, 16 + 248));
    short.writeUInt32LE(short.length, 0);
    expect(scanned(Buffer.concat([short, records[3]!])).types.map((type) => type > 0)).toEqual([false, true]);
  });

  test.each([0, 8, 72, 100, 0xffff_fff8, 132 * 1024 + 8])('end at a frame of %i bytes', (size) => {
    const broken = Buffer.from(bytes);
    broken.writeUInt32LE(size, records[0]!.length);
    expect(scanned(broken).types.length).toBe(1);
    expect(measureRecords(abiBpf1, 'mixed', broken, 0, broken.length).records).toBe(1);
  });

  test('never lead out of bounds, whatever the bytes', () => {
    let state = 7;
    const random = () => {
      state = Math.imul(state, 1_103_515_245) + 12_345;
      return state >>> 8;
    };
    for (let round = 0; round < 3000; round++) {
      const noise = Buffer.from(bytes.subarray(0, 272 + (random() % 200) * 8));
      for (let i = 0; i < 8; i++) noise[random() % noise.length] = random();
      const { table } = scanned(noise);
      for (let i = 0; i < table.count; i++) {
        expect(table.offsets[i]! + table.sizes[i]!).toBeLessThanOrEqual(8 + noise.length);
        if (table.types[i] !== 0) scanned(noise).field(i, 'id');
      }
    }
  });
});
