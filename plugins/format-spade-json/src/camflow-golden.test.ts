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

/** The date at which the golden text was frozen. */
const goldenDateMs = Date.UTC(2022, 10, 1, 12, 34, 56);

function unpack(archive: string, member: string): Buffer {
  const file = fileURLToPath(new URL(archive, captures));
  return execFileSync('tar', ['-xJOf', file, member], { maxBuffer: 1 << 28 });
}

interface GoldenRow {
  readonly file: string;
  readonly record: number;
  readonly type: string;
  readonly stale: boolean;
  readonly line: string;
}

function goldenRows(capture: string): GoldenRow[] {
  const archive = `${capture}.golden.tar.xz`;
  const text = unpack(archive, `${capture}/${capture}.spade`);
  const rows = unpack(archive, `${capture}/${capture}.spade.idx`).toString().trim().split('\n').slice(1);
  return rows.map((row) => {
    const [, file, record, , type, , offset, length, flags = ''] = row.split('\t');
    const line = text.toString('utf8', Number(offset), Number(offset) + Number(length));
    return { file: file!, record: Number(record), type: type!, stale: flags.includes('stale'), line };
  });
}

/** One line for each record of each file. */
function formatCapture(capture: string): Map<string, string[]> {
  const bytes = new Map(files.map((file) => [file, unpack(`${capture}.dump.tar.xz`, `${capture}/${file}`)]));
  const names = new NameTable();
  for (const file of files) if (file.startsWith('long')) names.learn(bytes.get(file)!);
  return new Map(
    files.map((file) => {
      const memory = createMemory(bytes.get(file)!.length);
      const formatter = format.create(
        { dialect: 'camflow', invalidUtf8: 'replace' },
        { section: 'spade_json', memory },
      );
      const kind = file.startsWith('long') ? 'long' : 'short';
      const out = new UnitCollector();
      formatter.format(
        createRecordBatch({ bytes: bytes.get(file)!, kind, memory, names, capturedAtMs: goldenDateMs }),
        out,
      );
      return [file, out.units().map(String)];
    }),
  );
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** A line with its text changed as CamFlow changes it. */
function damaged(line: string): string {
  return JSON.stringify(JSON.parse(line), (key, value) =>
    key === 'pathname' || key === 'value' ? value.replace(/\\/g, '/').replace(/[\n\t]/g, ' ') : value,
  );
}

/** Why a line may differ from CamFlow's, by the numbers of the defects; undefined where it must not. */
function excuse(row: GoldenRow, line: string): string | undefined {
  if (row.stale) return 'D6';
  if (row.line === '') return 'D7';
  if (!isJson(row.line)) return 'D4';
  if (row.type === 'packet') return 'D9';
  if (row.type === 'machine') return 'versions of the writer';
  return damaged(line) === damaged(row.line) ? 'D5' : undefined;
}

describe.skipIf(!present).each([
  ['prop', { D4: 55, D5: 11, D6: 6, D7: 2, D9: 31 }],
  ['tiny2', { D6: 6, D7: 2 }],
])(`capture %s in CamFlow's dialect${skipNote}`, (capture, defects) => {
  let folder: string;
  let lines: Map<string, string[]>;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'camflow-spade-'));
    lines = formatCapture(capture);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is byte for byte what CamFlow wrote, except where CamFlow was wrong', () => {
    const excused: Record<string, number> = {};
    for (const row of goldenRows(capture)) {
      const line = lines.get(row.file)![row.record]!;
      if (line === row.line) continue;
      const why = excuse(row, line);
      expect(why, `${line} is not ${row.line}`).toBeDefined();
      excused[why!] = (excused[why!] ?? 0) + 1;
    }
    expect(excused).toMatchObject(defects);
  });

  test.skipIf(!existsSync(compareTool))('satisfies the comparison that comes with the captures', () => {
    const output = path.join(folder, 'output.spade');
    writeFileSync(output, files.flatMap((file) => lines.get(file)!).join(''));
    for (const part of ['spade', 'spade.idx']) {
      writeFileSync(
        path.join(folder, `${capture}.${part}`),
        unpack(`${capture}.golden.tar.xz`, `${capture}/${capture}.${part}`),
      );
    }
    const run = spawnSync(
      process.execPath,
      [fileURLToPath(compareTool), 'spade', path.join(folder, capture), output],
      {
        encoding: 'utf8',
      },
    );
    expect(run.stdout).toContain('"mismatched":0,"missing":0');
    expect(run.status).toBe(0);
  });
});
