import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { recordTypeOfCode } from '@camflow/api';
import { checkJson, createStory, writeRelayDirectory } from '@camflow/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { capturesNote, compareTool, haveCaptures, unpackCaptures } from './captures.ts';
import { runProgram } from './programs.ts';

// Each reads and writes the whole capture again and again: up to a minute on a quiet machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

test('a reader of standard output that goes ends a replay as it ends any program: with no word', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'camflow-head-'));
  try {
    writeRelayDirectory(path.join(root, 'relay'), createStory({ records: 60_000 }));
    const launcher = path.join(repositoryRoot, 'core/cli/bin/camflow.js');
    const command = `"${process.execPath}" "${launcher}" replay "${root}/relay" -q -f spade_json | head -n 1`;
    const { status, stdout, stderr } = spawnSync('bash', ['-c', `set -o pipefail; ${command}`], {
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    expect(stdout.split('\n').length).toBe(2);
    expect(status).toBe(141);
  } finally {
    rmSync(root, { recursive: true });
  }
});

test('--set has it written elsewhere, and leaves alone what would be written to else', () => {
  const root = mkdtempSync(path.join(tmpdir(), 'camflow-elsewhere-'));
  try {
    writeRelayDirectory(path.join(root, 'relay'), createStory({ records: 100 }));
    const [named, elsewhere] = ['named', 'elsewhere'].map((name) => path.join(root, name));
    writeFileSync(named!, 'what was there\n');
    const launcher = path.join(repositoryRoot, 'core/cli/bin/camflow.js');
    const words = ['replay', `${root}/relay`, '-q', '-o', named!, '--set', `log.path=${elsewhere}`];
    const { status, stderr } = spawnSync(process.execPath, [launcher, ...words], { encoding: 'utf8' });
    expect([status, stderr]).toEqual([0, expect.stringMatching(/^.*given again at --set.*\n$/)]);
    expect(readFileSync(named!, 'utf8')).toBe('what was there\n');
    expect(readFileSync(elsewhere!, 'utf8')).not.toBe('');
  } finally {
    rmSync(root, { recursive: true });
  }
});

const captures = ['prop', 'tiny2'] as const;
const formats = [
  ['spade', 'spade_json'],
  ['w3c', 'w3c'],
] as const;

/** Parses a line that must be JSON in the strictest sense: UTF-8, no key twice. */
function parseStrictJson(line: string): unknown {
  expect(checkJson(Buffer.from(line))).toBeUndefined();
  return JSON.parse(line);
}

/** How many records of each known type a capture holds, by its own count. */
function countsOf(histogram: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of histogram.split('\n')) {
    const match = /^\s*(\d+) (0x[0-9a-f]+) /.exec(line);
    const type = match && recordTypeOfCode(BigInt(match[2]!));
    if (type) counts.set(`${type.category} ${type.name}`, Number(match![1]));
  }
  return counts;
}

function countSpade(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of text.trimEnd().split('\n')) {
    const { annotations } = parseStrictJson(line) as { annotations: Record<string, unknown> };
    const relation = annotations['relation_type'];
    const key = relation === undefined ? `node ${annotations['object_type']}` : `relation ${relation}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

const nodeSections = ['activity', 'entity', 'agent'];

function* entriesOf(text: string): Generator<[section: string, id: string, entry: unknown]> {
  for (const line of text.trimEnd().split('\n')) {
    for (const [section, entries] of Object.entries(parseStrictJson(line) as object)) {
      if (section === 'prefix') continue;
      for (const [id, entry] of Object.entries(entries as object)) yield [section, id, entry];
    }
  }
}

function countW3c(text: string): Map<string, number> {
  const counts = new Map<string, number>();
  for (const [section, , entry] of entriesOf(text)) {
    const category = nodeSections.includes(section) ? 'node' : 'relation';
    const key = `${category} ${(entry as Record<string, unknown>)['prov:type']}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}

describe.skipIf(!haveCaptures)(`camflow replay over captures of a CamFlow kernel${capturesNote}`, () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'camflow-replay-'));
    unpackCaptures(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  async function replayed(capture: string, format: string, ...settings: readonly string[]): Promise<string> {
    const sets = settings.flatMap((setting) => ['--set', setting]);
    const input = capture.includes('/') ? capture : path.join(folder, capture);
    const ended = await runProgram('camflow', ['replay', input, '--quiet', '--format', format, ...sets]);
    expect(ended.stderr).toBe('');
    expect(ended.status).toBe(0);
    return ended.stdout;
  }

  describe.each(captures)('%s', (capture) => {
    test.each(formats)(
      '%s: every attribute agrees with the C serialisers, listed defects apart',
      async (name, format) => {
        const output = path.join(folder, `${capture}.ours.${name}`);
        const args = ['replay', path.join(folder, capture), '-q', '-f', format, '-o', output];
        const ended = await runProgram('camflow', [...args, '--set', `${format}.dialect=camflow`]);
        expect(ended.stderr).toBe('');
        const golden = path.join(folder, capture, capture);
        // Exits with an error where anything is missing, different or invalid.
        const verdict = execFileSync(process.execPath, [compareTool, name, golden, output], {
          encoding: 'utf8',
        });
        const statistics = JSON.parse(verdict.trimEnd().split('\n').at(-1)!);
        expect(statistics).toMatchObject({ mismatched: 0, missing: 0, candInvalid: 0 });
        expect(statistics.matched).toBeGreaterThan(3800);
      },
    );

    test('entries of each type are as many as the capture holds', async () => {
      const expected = countsOf(readFileSync(path.join(folder, capture, 'hist.txt'), 'utf8'));
      expect(expected.size).toBeGreaterThan(40);
      for (const dialect of ['default', 'camflow']) {
        const spade = countSpade(await replayed(capture, 'spade_json', `spade_json.dialect=${dialect}`));
        expect(spade).toEqual(expected);
        const w3c = countW3c(await replayed(capture, 'w3c', `w3c.dialect=${dialect}`));
        expect(w3c).toEqual(expected);
      }
    });

    test('output depends neither on the number of workers nor on the size of batches', async () => {
      const digest = (text: string): string => createHash('sha256').update(text).digest('hex');
      const entries = (text: string): string =>
        [...entriesOf(text)]
          .map((entry) => JSON.stringify(entry))
          .sort()
          .join('\n');
      const seen = { spade: new Set<string>(), w3c: new Set<string>() };
      for (const workers of [1, 2]) {
        for (const slabBytes of [136_960, 1_048_576]) {
          const settings = [`general.workers=${workers}`, `general.slab_bytes=${slabBytes}`];
          seen.spade.add(digest(await replayed(capture, 'spade_json', ...settings)));
          seen.w3c.add(digest(entries(await replayed(capture, 'w3c', ...settings))));
        }
      }
      expect(seen.spade.size).toBe(1);
      expect(seen.w3c.size).toBe(1);
    });

    test('a capture file made of it gives the same output', async () => {
      const file = path.join(folder, `${capture}.capture`);
      const made = await runProgram('camflow', [
        'replay',
        path.join(folder, capture),
        '-q',
        '-f',
        'raw',
        '-o',
        file,
      ]);
      expect(made.stderr).toBe('');
      expect(await replayed(file, 'spade_json')).toBe(await replayed(capture, 'spade_json'));
    });
  });
});
