import { describe, expect, test } from 'vitest';
import { createSharedTable, type SharedTable } from './shared-table.ts';
import { TableReader } from './table-reader.ts';
import { TableWriter } from './table-writer.ts';

function table(entries: number, textBytes = 4096, keyWords = 2): SharedTable {
  return createSharedTable({ entries, textBytes, keyWords, seed: 7 });
}

function key(id: number): Int32Array {
  return Int32Array.of(id, -id);
}

function put(writer: TableWriter, id: number, text: string, moment = 0): string {
  const bytes = Buffer.from(`(${text})`);
  return writer.insert(key(id), 0, { bytes, start: 1, end: bytes.length - 1 }, moment);
}

function textOf(reader: TableReader, id: number, moment = 0): string | undefined {
  const handle = reader.find(key(id), 0, moment);
  return handle < 0 ? undefined : Buffer.from(reader.text(handle)).toString();
}

describe('a shared table', () => {
  test('finds every entry up to the last place, whatever the keys', () => {
    const shared = table(64);
    const writer = new TableWriter(shared);
    for (let id = 0; id < 64; id++) expect(put(writer, id * 64, `t${id}`)).toBe('added');
    expect(put(writer, 1, 'one too many')).toBe('full');
    const reader = new TableReader(shared);
    for (let id = 0; id < 64; id++) expect(textOf(reader, id * 64)).toBe(`t${id}`);
    expect(textOf(reader, 1)).toBeUndefined();
    expect(writer.known).toBe(64);
  });

  test('is full when its text is, and keeps what fits', () => {
    const writer = new TableWriter(table(64, 10));
    expect(put(writer, 1, '12345')).toBe('added');
    expect(put(writer, 2, '123456')).toBe('full');
    expect(put(writer, 3, '12345')).toBe('added');
    expect(put(writer, 1, '12345')).toBe('same');
  });

  test('shows a batch only what was there when it was dispatched', () => {
    const shared = table(8);
    const writer = new TableWriter(shared);
    const reader = new TableReader(shared);
    put(writer, 1, 'early', 3);
    put(writer, 2, 'late', 5);
    put(writer, 1, 'changed', 6);
    put(writer, 1, 'changed again', 8);
    const seenAt = (moment: number): unknown[] => [textOf(reader, 1, moment), textOf(reader, 2, moment)];
    expect(seenAt(2)).toEqual([undefined, undefined]);
    expect(seenAt(3)).toEqual(['early', undefined]);
    expect(seenAt(5)).toEqual(['early', 'late']);
    expect(seenAt(7)).toEqual(['changed', 'late']);
    expect(seenAt(9)).toEqual(['changed again', 'late']);
  });

  test('forgets the older generation, but not what was published again', () => {
    const shared = table(2);
    const writer = new TableWriter(shared);
    const reader = new TableReader(shared);
    put(writer, 1, 'a');
    put(writer, 2, 'b');
    expect(put(writer, 3, 'c')).toBe('full');
    writer.rotate();
    expect(put(writer, 1, 'a', 1)).toBe('same');
    expect(put(writer, 3, 'c', 1)).toBe('added');
    reader.enter(writer.generation);
    expect([1, 2, 3].map((id) => textOf(reader, id, 1))).toEqual(['a', 'b', 'c']);
    expect([writer.known, writer.evicted]).toEqual([3, 0]);
    writer.rotate();
    reader.enter(writer.generation);
    expect([1, 2, 3].map((id) => textOf(reader, id, 1))).toEqual(['a', undefined, 'c']);
    expect([writer.known, writer.evicted]).toEqual([2, 1]);
  });

  test('a batch from before a change sees the old generation through the young one', () => {
    const shared = table(4);
    const writer = new TableWriter(shared);
    put(writer, 1, 'before', 1);
    writer.rotate();
    put(writer, 1, 'after', 5);
    const reader = new TableReader(shared);
    reader.enter(writer.generation);
    expect(textOf(reader, 1, 4)).toBe('before');
    expect(textOf(reader, 1, 5)).toBe('after');
  });
});
