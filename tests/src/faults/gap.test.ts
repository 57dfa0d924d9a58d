import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { runProgram } from '../system/programs.ts';
import { SpadeReader } from './spade-reader.ts';

// The one that the distribution's python3-prov belongs to, whatever else is on the path.
const python = '/usr/bin/python3';
const haveProv =
  process.env['CAMFLOW_TEST_SYSTEM'] === '1' || spawnSync(python, ['-c', 'import prov.model']).status === 0;
const provNote = haveProv ? '' : ' (skipped: python3-prov is not installed)';
const gapsByProv = `
import sys
from prov.model import ProvDocument, ProvEntity
for line in sys.stdin:
    document = ProvDocument.deserialize(content=line, format='json')
    for entity in document.get_records(ProvEntity):
        told = {str(name): str(value) for name, value in entity.attributes}
        if told.get('prov:type') == 'gap':
            print(told['cf:cause'], told['cf:count'])
`;

let root: string;
let damaged: string;
let lost = '';
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'camflow-gap-'));
  damaged = path.join(root, 'damaged.capture');
  copyFileSync(path.join(repositoryRoot, 'core/cli/assets/demo.capture'), damaged);
  const bytes = readFileSync(damaged);
  bytes[bytes.length >> 1]! ^= 1;
  writeFileSync(damaged, bytes);
  const { stderr } = await runProgram('camflow', ['replay', damaged, '-o', path.join(root, 'first')]);
  lost = /dropped \(checksum ([0-9,]+)\)/.exec(stderr)![1]!.replaceAll(',', '');
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

async function linesOf(input: string, ...more: string[]): Promise<string[]> {
  const { stdout, status } = await runProgram('camflow', ['replay', input, '-q', ...more]);
  expect(status).toBe(0);
  return stdout.split('\n').slice(0, -1);
}

const isGap = (line: string): boolean => line.includes('"gap"');

test('a loss stands in PROV-JSON as an entity', async () => {
  const gaps = (await linesOf(damaged)).filter(isGap);
  expect(gaps).toHaveLength(1);
  const { entity } = JSON.parse(gaps[0]!) as { entity: Record<string, Record<string, string>> };
  const gap = Object.values(entity).find((each) => each['prov:type'] === 'gap')!;
  expect(gap).toMatchObject({ 'cf:cause': 'checksum', 'cf:count': lost });
  expect(gap['cf:stream']).toMatch(/^(short|long|mixed)\d+$/);
  for (const key of ['cf:from', 'cf:until']) expect(new Date(gap[key]!).toISOString()).toBe(gap[key]);
});

test.skipIf(!haveProv)(`python-prov reads it, with what it tells${provNote}`, async () => {
  const gaps = (await linesOf(damaged)).filter(isGap);
  const { status, stdout, stderr } = spawnSync(python, ['-c', gapsByProv], { input: `${gaps.join('\n')}\n` });
  expect([status, stderr.toString()]).toEqual([0, '']);
  expect(stdout.toString()).toBe(`checksum ${lost}\n`);
});

test("SPADE's reader takes it", async () => {
  const lines = await linesOf(damaged, '-f', 'spade_json');
  const reader = new SpadeReader();
  reader.push(Buffer.from(`${lines.join('\n')}\n`));
  expect(reader.stopped).toBeUndefined();
  expect(reader.taken.filter(isGap)).toEqual(lines.filter(isGap));
});

test('and in SPADE JSON as a vertex', async () => {
  const gaps = (await linesOf(damaged, '-f', 'spade_json')).filter(isGap);
  expect(gaps).toHaveLength(1);
  const gap = JSON.parse(gaps[0]!);
  expect(gap.type).toBe('Entity');
  expect(gap.annotations).toMatchObject({ object_type: 'gap', cause: 'checksum', count: lost });
});

test.each(['w3c', 'spade_json'])(
  "CamFlow's dialect of %s has no word for it and leaves it out",
  async (format) => {
    const lines = await linesOf(damaged, '-f', format, '--set', `${format}.dialect=camflow`);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.filter(isGap)).toEqual([]);
  },
);

test('a capture keeps it: what is written of that capture later tells it too', async () => {
  const copy = path.join(root, 'copy.capture');
  expect((await runProgram('camflow', ['replay', damaged, '-q', '-f', 'raw', '-o', copy])).status).toBe(0);
  const [direct, again] = [
    await linesOf(damaged, '-f', 'spade_json'),
    await linesOf(copy, '-f', 'spade_json'),
  ];
  expect(again.filter(isGap)).toEqual(direct.filter(isGap));
  expect(again).toEqual(direct);
});

test('a policy that leaves out every node does not hide it', async () => {
  const lines = await linesOf(
    damaged,
    '-f',
    'spade_json',
    '--set',
    'general.policy=filter',
    '--set',
    'filter.node_filter=file',
    '--set',
    'filter.node_filter=gap',
  );
  expect(lines.filter(isGap)).toHaveLength(1);
});
