import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { LabelTable } from './labels.ts';

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-labels-'));
  path = join(folder, 'labels');
});
afterEach(() => rmSync(folder, { recursive: true }));

test('labels get bits in the order in which they come, and keep them', () => {
  const labels = new LabelTable(path);
  expect(labels.read()).toEqual([]);
  expect(['secret', 'private', 'secret'].map((label) => labels.bitOf(label))).toEqual([0, 1, 0]);
  expect(readFileSync(path, 'utf8')).toBe('secret\nprivate\n');
  expect(labels.namesOf(0b110n)).toEqual(['private']);
});

test('a last line without a newline is a label, and keeps its bit', () => {
  writeFileSync(path, 'secret\nprivate');
  const labels = new LabelTable(path);
  expect(labels.read()).toEqual(['secret', 'private']);
  expect(labels.bitOf('private')).toBe(1);
  expect(labels.bitOf('internal')).toBe(2);
  expect(readFileSync(path, 'utf8')).toBe('secret\nprivate\ninternal\n');
});

test('an empty file holds no label', () => {
  writeFileSync(path, '');
  expect(new LabelTable(path).read()).toEqual([]);
});
