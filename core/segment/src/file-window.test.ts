import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { FileWindow } from './file-window.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-window-'));
afterAll(() => rmSync(folder, { recursive: true }));

const kiB = 1024;
const bytes = randomBytes(8000 * kiB);
const path = join(folder, 'file');
writeFileSync(path, bytes);

/** A file that counts the bytes that are read from it. */
async function openCounting(): Promise<{ file: FileHandle; bytesRead: () => number }> {
  const file = await open(path);
  const read = file.read.bind(file) as (...args: unknown[]) => Promise<{ bytesRead: number }>;
  let total = 0;
  const counting = async (...args: unknown[]): Promise<{ bytesRead: number }> => {
    const result = await read(...args);
    total += result.bytesRead;
    return result;
  };
  return { file: Object.assign(file, { read: counting }) as FileHandle, bytesRead: () => total };
}

test('large blocks one after another, each behind a small head: no byte is read twice', async () => {
  const { file, bytesRead } = await openCounting();
  const window = new FileWindow(file);
  const [headBytes, payloadBytes] = [300, 900 * kiB];
  let offset = 0;
  for (let block = 0; block < 8; block++) {
    for (const length of [headBytes, payloadBytes]) {
      expect((await window.at(offset, length)).equals(bytes.subarray(offset, offset + length))).toBe(true);
      offset += length;
    }
  }
  // What was read ahead of the last block counts, too.
  expect(bytesRead()).toBeLessThanOrEqual(offset + 256 * kiB);
  await file.close();
});

test('any place in any order shows the bytes that are there, fewer at the end', async () => {
  const { file } = await openCounting();
  const limit = 5000 * kiB + 17;
  const window = new FileWindow(file, limit);
  let seed = 7;
  const next = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
    return seed % below;
  };
  for (let i = 0; i < 500; i++) {
    const offset = next(limit + 1000);
    const length = 1 + next(i % 3 === 0 ? 1000 * kiB : 2 * kiB);
    const expected = bytes.subarray(Math.min(offset, limit), Math.min(offset + length, limit));
    expect((await window.at(offset, length)).equals(expected)).toBe(true);
  }
  await file.close();
});
