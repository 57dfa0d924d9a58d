import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { FormatDefinition, PolicyDefinition, SinkDefinition, SourceDefinition } from '@camflow/api';
import {
  formatSuite,
  joinRecords,
  nodeIdentifier,
  nodeRecord,
  policySuite,
  relationRecord,
  type SinkSubject,
  sinkSuite,
  sourceSuite,
} from '@camflow/testkit';
import { describe, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';

const page = readFileSync(path.join(repositoryRoot, 'docs/plugin-guide.md'), 'utf8');
const blocks = [...page.matchAll(/^```\w+ file=(\S+)\n([\s\S]*?)\n```$/gm)];

describe('the code of docs/plugin-guide.md', () => {
  test.each(blocks.map(([, file, code]) => [file!, code!] as const))('is that of %s', (file, code) => {
    const content = readFileSync(path.join(repositoryRoot, file), 'utf8');
    if (file.endsWith('.json')) expect(JSON.parse(code)).toEqual(JSON.parse(content));
    else expect(code).toBe(content.trimEnd());
  });

  test('covers all four kinds', () => {
    expect(blocks.map(([, file]) => path.basename(path.dirname(file!)).split('-')[0]).sort()).toEqual([
      'format',
      'format',
      'policy',
      'sink',
      'source',
    ]);
  });
});

/** The definition that a fixture default-exports. */
async function fixture<Definition>(name: string): Promise<Definition> {
  const module = await import(
    pathToFileURL(path.join(repositoryRoot, 'tests/fixtures', name, 'index.js')).href
  );
  return module.default as Definition;
}

function createPlace(): SinkSubject {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-guide-'));
  const file = path.join(folder, 'out');
  return {
    options: { path: file },
    unusable: { path: path.join(folder, 'missing', 'out') },
    readBack: async () => readFileSync(file),
    footprint: async () => readdirSync(folder).join(),
    dispose: async () => rmSync(folder, { recursive: true }),
  };
}

/** What the heartbeat gives: each beat a file, and a relation that comes from it. */
function heartbeats(beats: number): Uint8Array {
  const records = Array.from({ length: beats }, (_, beat) => {
    const snd = nodeIdentifier({ type: 'file', id: beat + 1, bootId: 0, machineId: 0 });
    return [nodeRecord('file', { id: beat + 1 }), relationRecord('read', { id: beat + 1, snd })];
  });
  return joinRecords(records.flat());
}

const definitions = {
  format: await fixture<FormatDefinition<unknown>>('format-csv'),
  policy: await fixture<PolicyDefinition<unknown>>('policy-relations'),
  sink: await fixture<SinkDefinition<unknown>>('sink-append'),
  source: await fixture<SourceDefinition<unknown>>('source-heartbeat'),
};

describe('the examples keep their contracts', () => {
  formatSuite({ test, definition: definitions.format, options: { separator: ';' } });
  policySuite({ test, definition: definitions.policy });
  sinkSuite({ test, definition: definitions.sink, factory: createPlace, cannot: ['stall'] });
  const expected = new Map([['short 0', heartbeats(50)]]);
  const factory = () => ({ options: { beats: '50' }, expected });
  sourceSuite({ test, definition: definitions.source, factory, cannot: ['fail', 'observe'] });
});
