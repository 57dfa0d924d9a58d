import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { StreamId } from '@camflow/api';
import { createStory, writeRelayDirectory } from '@camflow/testkit';
import { expect } from 'vitest';
import { runProgram } from '../system/programs.ts';

/** A folder of relay files, and what each of its streams comes to as SPADE JSON. */
export interface Workload {
  readonly folder: string;
  readonly records: number;
  /** The lines of each stream, in order. */
  readonly streams: readonly (readonly string[])[];
}

/** Writes relay files, and puts each stream through an undisturbed run. */
export async function createWorkload(root: string, records: number): Promise<Workload> {
  const folder = path.join(root, 'relay');
  const story = createStory({ records, seed: 5 });
  const written = writeRelayDirectory(folder, story);
  const output = path.join(root, 'expected.spade');
  const ended = await runProgram('camflow', ['replay', folder, '-q', '-f', 'spade_json', '-o', output]);
  expect(ended.status).toBe(0);
  const lines = readFileSync(output, 'utf8').split('\n').slice(0, -1);
  expect(lines.length).toBe(written.records);
  // A replay reads one file after another: their records stand in blocks.
  const streams: string[][] = [];
  let at = 0;
  for (const { records: count } of orderOf(story)) {
    streams.push(lines.slice(at, at + count));
    at += count;
  }
  expect(at).toBe(lines.length);
  return { folder, records: written.records, streams };
}

function orderOf(story: ReturnType<typeof createStory>): { readonly records: number }[] {
  const counts = new Map<string, { stream: StreamId; records: number }>();
  for (const { stream, records } of story.chunks()) {
    const key = `${stream.kind}${stream.cpu}`;
    const entry = counts.get(key) ?? { stream, records: 0 };
    entry.records += records;
    counts.set(key, entry);
  }
  const rank = ({ kind, cpu }: StreamId): number => (kind === 'long' ? 0 : 1_000_000) + cpu;
  return [...counts.values()].sort((a, b) => rank(a.stream) - rank(b.stream));
}

/** What a reader was given, held against what there was. */
export interface Arrivals {
  /** Lines beyond the first of each. */
  readonly repeats: number;
  /** Lines that never came. */
  readonly missing: number;
}

/**
 * Holds lines against a workload: every one is valid and expected, and first occurrences are in order within their
 * stream.
 */
export function account(lines: readonly string[], { streams }: Workload): Arrivals {
  const place = new Map<string, readonly [stream: number, index: number]>();
  for (const [stream, expected] of streams.entries())
    for (const [index, line] of expected.entries()) place.set(line, [stream, index]);
  const total = streams.reduce((sum, { length }) => sum + length, 0);
  expect(place.size).toBe(total);
  const seen = new Set<string>();
  const last = streams.map(() => -1);
  for (const line of lines) {
    const at = place.get(line);
    expect(at, `a line that nobody wrote: ${line}`).toBeDefined();
    if (seen.has(line)) continue;
    seen.add(line);
    const [stream, index] = at!;
    if (index < last[stream]!) throw new Error(`stream ${stream}: ${index} came first after ${last[stream]}`);
    last[stream] = index;
  }
  return { repeats: lines.length - seen.size, missing: total - seen.size };
}

/** Whole lines of a file. */
export function linesOf(file: string): string[] {
  return readFileSync(file, 'utf8').split('\n').slice(0, -1);
}
