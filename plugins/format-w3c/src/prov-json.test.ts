import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createStory, formatRecords, NameTable, randomRecords } from '@camflow/testkit';
import draft04 from 'ajv-draft-04';
import formats from 'ajv-formats';
import { describe, expect, test } from 'vitest';
import format from './index.ts';

const schemaFile = new URL('../../../../shared/schemas/prov-json.schema.json', import.meta.url);
const haveSchema = existsSync(schemaFile);
const schemaNote = haveSchema ? '' : ' (skipped: the PROV-JSON schema is not beside this checkout)';

// The one that the distribution's python3-prov belongs to, whatever else is on the path.
const python = '/usr/bin/python3';
const haveProv =
  process.env['CAMFLOW_TEST_SYSTEM'] === '1' || spawnSync(python, ['-c', 'import prov.model']).status === 0;
const provNote = haveProv ? '' : ' (skipped: python3-prov is not installed)';

/** Reads documents line by line and prints how many nodes and relations python-prov finds in each. */
const countWithProv = `
import sys
from prov.model import ProvDocument, ProvElement, ProvRelation
for line in sys.stdin.buffer:
    document = ProvDocument.deserialize(content=line.decode(), format='json')
    print(sum(1 for _ in document.get_records(ProvElement)), sum(1 for _ in document.get_records(ProvRelation)))
`;

/** Documents of a whole story and of random bytes of every type. */
async function documents(): Promise<Buffer[]> {
  const parts = { short: [] as Uint8Array[], long: [] as Uint8Array[], mixed: [] as Uint8Array[] };
  const story = createStory({ records: 3000 });
  for (const { stream, bytes } of story.chunks()) parts[stream.kind].push(Uint8Array.from(bytes));
  const names = new NameTable();
  names.learn(Buffer.concat(parts.long));
  const units: Buffer[] = [];
  for (const kind of ['long', 'short'] as const) {
    for (const bytes of [Buffer.concat(parts[kind]), randomRecords(kind, 11, 3)]) {
      const formatted = await formatRecords(format, {}, bytes, kind, { names });
      units.push(...formatted.units.map((unit) => Buffer.from(unit.bytes)));
    }
  }
  return units;
}

describe('PROV-JSON of the default dialect', () => {
  test.skipIf(!haveSchema)(`passes the official schema${schemaNote}`, async () => {
    const ajv = new draft04.default({ strict: false });
    formats.default(ajv);
    const validate = ajv.compile(JSON.parse(readFileSync(schemaFile, 'utf8')));
    const all = await documents();
    // Among them are those that tell of losses.
    expect(all.some((document) => document.includes('"gap"'))).toBe(true);
    for (const document of all) {
      expect(validate(JSON.parse(document.toString())), JSON.stringify(validate.errors)).toBe(true);
    }
    expect(validate({ entity: { 'cf:a': { 'cf:address': { family: 2 } } } })).toBe(false);
  });

  test.skipIf(!haveProv)(`loads in python-prov, with every node and relation${provNote}`, async () => {
    const units = await documents();
    const run = spawnSync(python, ['-c', countWithProv], { input: Buffer.concat(units), maxBuffer: 1 << 26 });
    expect(run.stderr.toString()).toBe('');
    const counted = run.stdout.toString().trim().split('\n');
    const expected = units.map((unit) => {
      const sections = Object.entries(JSON.parse(unit.toString()) as Record<string, object>);
      const size = (keep: (name: string) => boolean): number =>
        sections.reduce((sum, [name, entries]) => sum + (keep(name) ? Object.keys(entries).length : 0), 0);
      const nodes = ['activity', 'agent', 'entity'];
      return `${size((name) => nodes.includes(name))} ${size((name) => name !== 'prefix' && !nodes.includes(name))}`;
    });
    expect(counted).toEqual(expected);
  });
});
