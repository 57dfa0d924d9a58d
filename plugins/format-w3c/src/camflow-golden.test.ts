import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { createMemory, createRecordBatch, NameTable, UnitCollector } from '@camflow/testkit';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import format from './index.ts';

const shared = new URL('../../../../shared/', import.meta.url);
const captures = new URL('captures/camflow-0.9.0/', shared);
const compareTool = new URL('tools/compare.mjs', shared);
const present = existsSync(captures);
const skipNote = present ? '' : ' (skipped: the CamFlow captures are not beside this checkout)';

const files = ['long.cpu0.bin', 'long.cpu1.bin', 'short.cpu0.bin', 'short.cpu1.bin'];

function unpack(archive: string, member: string): Buffer {
  const file = fileURLToPath(new URL(archive, captures));
  return execFileSync('tar', ['-xJOf', file, member], { maxBuffer: 1 << 28 });
}

interface GoldenRow {
  readonly file: string;
  readonly record: number;
  readonly type: string;
  readonly section: string;
  readonly entry: string;
}

function goldenRows(capture: string): GoldenRow[] {
  const archive = `${capture}.golden.tar.xz`;
  const text = unpack(archive, `${capture}/${capture}.w3c`);
  const rows = unpack(archive, `${capture}/${capture}.w3c.idx`).toString().trim().split('\n').slice(1);
  return rows.map((row) => {
    const [, file, record, , type, section, offset, length] = row.split('\t');
    const entry = text.toString('utf8', Number(offset), Number(offset) + Number(length));
    return { file: file!, record: Number(record), type: type!, section: section!, entry };
  });
}

/** The documents of each file: with `single`, one for each record. */
function formatCapture(capture: string, single: boolean): Map<string, string[]> {
  const bytes = new Map(files.map((file) => [file, unpack(`${capture}.dump.tar.xz`, `${capture}/${file}`)]));
  const names = new NameTable();
  for (const file of files) if (file.startsWith('long')) names.learn(bytes.get(file)!);
  return new Map(
    files.map((file) => {
      const memory = createMemory(bytes.get(file)!.length);
      const options = { dialect: 'camflow', invalidUtf8: 'replace', unitBytes: 65_536 } as const;
      const formatter = format.create(options, { section: 'w3c', memory });
      const kind = file.startsWith('long') ? 'long' : 'short';
      const batch = createRecordBatch({ bytes: bytes.get(file)!, kind, memory, names });
      const out = new UnitCollector();
      for (let i = 0; i < batch.count; i += single ? 1 : batch.count) {
        const part = { offsets: batch.offsets.subarray(i), types: batch.types.subarray(i) };
        formatter.format({ ...batch, ...part, count: single ? 1 : batch.count }, out);
      }
      return [file, out.units().map(String)];
    }),
  );
}

function parse(entry: string): unknown {
  try {
    return JSON.parse(`{${entry}}`);
  } catch {
    return undefined;
  }
}

/** An entry with its text changed as CamFlow changes it. */
function damaged(entry: string): string {
  return JSON.stringify(parse(entry), (key, value) =>
    ['cf:pathname', 'cf:value', 'prov:label'].includes(key)
      ? value.replace(/\\/g, '/').replace(/[\n\t]/g, ' ')
      : value,
  );
}

/** Why an entry may differ from CamFlow's, by the numbers of the defects; undefined where it must not. */
function excuse(row: GoldenRow, entry: string): string | undefined {
  if (parse(row.entry) === undefined) return 'D4';
  if (row.type === 'packet') return 'D9';
  if (row.type === 'machine') return 'versions of the writer';
  return damaged(entry) === damaged(row.entry) ? 'D5' : undefined;
}

describe.skipIf(!present).each([
  ['prop', { D4: 57, D5: 18, D9: 31 }],
  ['tiny2', { D4: 2 }],
])(`capture %s in CamFlow's dialect${skipNote}`, (capture, defects) => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'camflow-w3c-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is byte for byte what CamFlow wrote, except for dates and where CamFlow was wrong', () => {
    const documents = formatCapture(capture, true);
    const excused: Record<string, number> = {};
    for (const row of goldenRows(capture)) {
      const document = documents.get(row.file)![row.record]!;
      const match = /^\{"prefix":\{[^}]*\}, "(\w+)":\{(.*)\}\}\n$/s.exec(document);
      expect(match?.[1]).toBe(row.section);
      const entry = match![2]!.replace(/"cf:date":"[0-9:T]{19}"/, '"cf:date":""');
      if (entry === row.entry) continue;
      const why = excuse(row, entry);
      expect(why, `${entry} is not ${row.entry}`).toBeDefined();
      excused[why!] = (excused[why!] ?? 0) + 1;
    }
    expect(excused).toMatchObject(defects);
  });

  test.skipIf(!existsSync(compareTool))('satisfies the comparison that comes with the captures', () => {
    const output = path.join(folder, 'output.w3c');
    const documents = formatCapture(capture, false);
    writeFileSync(output, files.flatMap((file) => documents.get(file)!).join(''));
    for (const part of ['w3c', 'w3c.idx']) {
      const golden = unpack(`${capture}.golden.tar.xz`, `${capture}/${capture}.${part}`);
      writeFileSync(path.join(folder, `${capture}.${part}`), golden);
    }
    const tool = [fileURLToPath(compareTool), 'w3c', path.join(folder, capture), output];
    const run = spawnSync(process.execPath, tool, { encoding: 'utf8' });
    expect(run.stdout).toContain('"mismatched":0,"missing":0');
    expect(run.status).toBe(0);
  });
});
