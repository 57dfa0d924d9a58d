import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStory, writeRelayDirectory } from '@camflow/testkit';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { runProgram, startProgram } from './programs.ts';

// Daemons start and end: some ten seconds on a quiet machine.
vi.setConfig({ testTimeout: 300_000 });

let root: string;
let records = 0;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'camflow-spool-ls-'));
  records = writeRelayDirectory(path.join(root, 'relay'), createStory({ records: 3000 })).records;
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

test('camflow spool shows, prints and removes what waits for an output that is gone', async () => {
  const spools = path.join(root, 'spools');
  const log = path.join(root, 'log');
  const daemon = startProgram(
    'camflowd',
    [
      `general.spool_dir=${spools}`,
      'general.source=replay',
      `replay.path=${path.join(root, 'relay')}`,
      'general.format=spade_json',
      'general.output=unix_socket,log',
      `unix_socket.address=${path.join(root, 'nobody')}`,
      'unix_socket.spool=always',
      `log.path=${log}`,
    ].flatMap((setting) => ['--set', setting]),
  );
  const linesOf = (text: string): string[] => text.split('\n').slice(0, -1);
  while (!existsSync(log) || linesOf(readFileSync(log, 'utf8')).length < records)
    await new Promise((resolve) => setTimeout(resolve, 20));
  const refused = await runProgram('camflow', ['spool', 'rm', 'unix_socket', '--spool-dir', spools]);
  expect(refused.status).toBe(4);
  expect(refused.stderr).toContain(
    `belongs to process ${daemon.process.pid}, which runs. Stop that recorder first.`,
  );
  daemon.process.kill('SIGTERM');
  const { stderr } = await daemon.ended;
  expect(stderr).toContain(`${records.toLocaleString('en-US')} left in the spool`);
  const listed = await runProgram('camflow', ['spool', 'ls', '--spool-dir', spools]);
  expect(listed.stdout).toContain(`unix_socket: ${records.toLocaleString('en-US')} records (`);
  expect(listed.stdout).toContain('log: 0 records (0 B) wait; ');
  const printed = await runProgram('camflow', ['spool', 'cat', 'unix_socket', '--spool-dir', spools]);
  expect(printed.stdout).toBe(readFileSync(log, 'utf8'));
  const removed = await runProgram('camflow', ['spool', 'rm', 'unix_socket', '--spool-dir', spools]);
  expect(removed.stdout).toBe(
    `removed ${records.toLocaleString('en-US')} records that waited for unix_socket\n`,
  );
  const missing = await runProgram('camflow', ['spool', 'cat', 'unix_socket', '--spool-dir', spools]);
  expect(missing.status).toBe(4);
  expect(missing.stderr).toContain('There are no spools to be read in');
});
