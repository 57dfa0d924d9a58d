import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkJson } from '@camflow/testkit';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { type Ended, runProgram } from '../system/programs.ts';

// Each follows a whole recording, some ten seconds on a quiet machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const capture = path.join(repositoryRoot, 'core/cli/assets/demo.capture');
const sent = '/srv/inbox/report.txt.gz';

/** From what was sent in back to what was fetched, in the order in which the tree tells it. */
const story = [
  sent,
  'wget -q -O receipt.txt --post-file=report.txt.gz',
  '/home/ada/report.txt.gz',
  'gzip -k report.txt',
  '/home/ada/report.txt',
  'awk -F,',
  '/home/ada/best.csv',
  'head -n 5',
  'pipe',
  'sort -t, -k3 -rn',
  'pipe',
  "grep -v '^#' harvest/2026.csv",
  '/home/ada/harvest/2026.csv',
  'tar -xzf harvest.tar.gz',
  'pipe',
  'gzip -d',
  '/home/ada/harvest.tar.gz',
  'wget -q http://127.0.0.1:8080/harvest.tar.gz',
  'socket',
  '/srv/www/harvest.tar.gz',
];

/** Whether texts follow one another in a text. */
function followEachOther(text: string, parts: readonly string[]): boolean {
  let at = 0;
  return parts.every((part) => {
    at = text.indexOf(part, at) + part.length;
    return at >= part.length;
  });
}

describe('the bundled capture', () => {
  let folder: string;
  let demo: Ended;
  const trace = (recording: string, ...args: string[]): Promise<Ended> =>
    runProgram('camflow', ['trace', '--in', recording, ...args], folder);
  const replay = async (name: string, ...args: string[]): Promise<string> => {
    const output = path.join(folder, name);
    const ended = await runProgram('camflow', ['replay', capture, '-q', '-o', output, ...args]);
    expect({ status: ended.status, stderr: ended.stderr }).toEqual({ status: 0, stderr: '' });
    return output;
  };
  beforeAll(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'camflow-demo-'));
    demo = await runProgram('camflow', ['demo'], folder);
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('is a whole recording of a stock kernel, told in a summary', () => {
    expect(demo.status).toBe(0);
    expect(demo.stdout).toMatch(/^records {4}\d{1,2},\d{3} /);
    expect(demo.stdout).toContain('losses     none at the source');
    expect(demo.stdout).toMatch(/([\d,]+) produced = \1 delivered \+ 0 filtered \+ 0 dropped/);
    expect(readFileSync(capture).length).toBeLessThan(300_000);
    expect(readFileSync(capture).includes('camflow-bpf-1')).toBe(true);
  });

  test('leads from what was sent in to what was fetched, in both formats', async () => {
    const w3c = await trace('output/demo.prov.jsonl', 'inbox/report.txt.gz');
    expect(followEachOther(w3c.stdout, story), w3c.stdout).toBe(true);
    const spade = await replay('demo.jsonl', '-f', 'spade_json');
    expect((await trace(spade, sent)).stdout).toBe(w3c.stdout);
  });

  test('says what is missing where a trace cannot be made', async () => {
    const unknown = await trace('output/demo.prov.jsonl', 'nobody.txt');
    expect(unknown.stderr).toContain('No file called nobody.txt is in the recording.');
    expect(unknown.status).toBe(2);
    expect((await trace(capture, sent)).stderr).toContain('this is neither PROV-JSON nor');
    expect((await trace('absent', sent)).stderr).toContain('absent cannot be read: ENOENT');
    const several = await trace('output/demo.prov.jsonl', 'harvest.tar.gz');
    expect(several.stderr).toMatch(/harvest\.tar\.gz could be \/\S+ or \/\S+\. Say which\./);
  });

  test('gives valid JSON of every record, and the same from a copy in the same format', async () => {
    for (const format of ['w3c', 'spade_json']) {
      const lines = readFileSync(await replay(`valid.${format}`, '-f', format), 'utf8').split('\n');
      for (const line of lines.filter((each) => each !== ''))
        expect(checkJson(Buffer.from(line))).toBeUndefined();
    }
    const copy = await replay('copy.capture', '-f', 'raw');
    const again = path.join(folder, 'again.jsonl');
    await runProgram('camflow', ['replay', copy, '-q', '-f', 'spade_json', '-o', again]);
    expect(readFileSync(again).equals(readFileSync(path.join(folder, 'valid.spade_json')))).toBe(true);
  });
});
