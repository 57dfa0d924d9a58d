import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fieldOf, firstExtensionBit, identifierText, recordTypeOfCode, recordTypes } from '@camflow/api';
import { afterAll, expect, test } from 'vitest';
import { writeRelayDirectory } from './relay-directory.ts';
import { completeStoryRecords, createStory, type StoryOptions } from './story.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'story-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Told {
  readonly cpu: number;
  readonly name: string;
  readonly category: 'node' | 'relation';
  readonly bytes: Buffer;
}

function* told(options: StoryOptions): Generator<Told> {
  for (const { stream, bytes } of createStory(options).chunks()) {
    const size = stream.kind === 'long' ? 4280 : 256;
    expect(bytes.length % size).toBe(0);
    for (let at = 0; at < bytes.length; at += size) {
      const record = Buffer.from(bytes.subarray(at, at + size));
      const { name, category, long } = recordTypeOfCode(record.readBigUInt64LE(0))!;
      expect(long).toBe(stream.kind === 'long');
      yield { cpu: stream.cpu, name, category, bytes: record };
    }
  }
}

function digest(options: StoryOptions): string {
  const hash = createHash('sha256');
  for (const chunk of createStory(options).chunks()) hash.update(chunk.bytes);
  return hash.digest('hex');
}

test('every type of node and relation of CamFlow occurs', () => {
  const extensions = 0xffffn << BigInt(firstExtensionBit);
  for (const seed of [1, 2, 3, 4, 5]) {
    const seen = new Set<string>();
    for (const { category, name } of told({ records: completeStoryRecords, seed }))
      seen.add(`${category} ${name}`);
    const missing = recordTypes
      .filter(({ code }) => (code & extensions) === 0n)
      .map(({ category, name }) => `${category} ${name}`)
      .filter((type) => !seen.has(type));
    expect(missing).toEqual([]);
  }
});

test('the graph is true: both ends of every relation exist in their versions, and every name', () => {
  const nodes = new Set<string>();
  const relations = new Set<string>();
  const ends: [string, string][] = [];
  const names = new Set<string>();
  for (const { category, name, bytes } of told({ records: 60_000, cpus: 4 })) {
    const identifier = identifierText(bytes, 0);
    if (category === 'node') {
      nodes.add(identifier);
      const nameAt = fieldOf('task', 'name_id').offset;
      if (bytes.readBigUInt64LE(nameAt) !== 0n) names.add(identifierText(bytes, nameAt));
      continue;
    }
    expect(relations.has(identifier)).toBe(false);
    relations.add(identifier);
    for (const end of ['snd', 'rcv'])
      ends.push([name, identifierText(bytes, fieldOf('relation', end).offset)]);
  }
  expect(ends.filter(([, identifier]) => !nodes.has(identifier))).toEqual([]);
  expect([...names].filter((identifier) => !nodes.has(identifier))).toEqual([]);
  expect(nodes.size + relations.size).toBeGreaterThan(50_000);
});

test('equal seeds tell the same story, byte for byte; others another', () => {
  expect(digest({ records: 5000, seed: 7 })).toBe(digest({ records: 5000, seed: 7 }));
  expect(digest({ records: 5000, seed: 7 })).not.toBe(digest({ records: 5000, seed: 8 }));
});

test('a story has the length asked for, on the CPUs asked for, in the order of time within a stream', () => {
  for (const [records, cpus] of [
    [1, 1],
    [777, 2],
    [20_000, 5],
  ] as const) {
    const last = new Map<string, bigint>();
    let count = 0;
    for (const { cpu, bytes } of told({ records, cpus })) {
      count++;
      const stream = `${cpu} ${bytes.length}`;
      const jiffies = bytes.readBigUInt64LE(fieldOf('task', 'jiffies').offset);
      expect(jiffies).toBeGreaterThanOrEqual(last.get(stream) ?? 0n);
      last.set(stream, jiffies);
    }
    expect(count).toBe(records);
    expect(new Set([...last.keys()].map((key) => key.split(' ')[0])).size).toBe(cpus);
  }
});

test('a raw relay directory holds every stream', () => {
  const written = writeRelayDirectory(path.join(folder, 'raw'), createStory({ records: 4000 }));
  expect(written.records).toBe(4000);
  const names = readdirSync(path.join(folder, 'raw')).sort();
  expect(names).toEqual(['long.cpu0.bin', 'long.cpu1.bin', 'short.cpu0.bin', 'short.cpu1.bin']);
  let records = 0;
  for (const file of written.files) {
    const size = path.basename(file).startsWith('long') ? 4280 : 256;
    expect(statSync(file).size % size).toBe(0);
    records += readFileSync(file).length / size;
  }
  expect(records).toBe(4000);
});
