import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeError, isCamflowError } from '@camflow/api';
import {
  createSecurityfsControl,
  createUnloadedControl,
  LabelTable,
  makeFifo,
  systemAccounts,
} from '@camflow/kernel';
import { CamflowKernel } from '@camflow/testkit';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { runControl } from './run-control.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-loading-'));
const at = (name: string): string => join(folder, name);
const labels = new LabelTable(at('labels'));
let server: Server;
let kernel: CamflowKernel;
let loads: number;

beforeAll(async () => {
  writeFileSync(at('file'), '');
  makeFifo(at('fifo'), 0o600);
  server = createServer().listen(at('socket'));
  await new Promise((resolve) => server.once('listening', resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

beforeEach(() => {
  kernel = new CamflowKernel();
  for (const name of ['file', 'fifo', 'socket']) kernel.fileNodes.set(at(name), Buffer.alloc(256));
  kernel.processNodes.set(process.pid, Buffer.alloc(256));
  loads = 0;
});

/** Runs an option where no programs are loaded; once they are, a kernel of CamFlow stands in for them. */
function camflow(...argv: string[]): string {
  const open = ({ load = false }): ReturnType<typeof createUnloadedControl> => {
    if (!load) return createUnloadedControl();
    loads++;
    return createSecurityfsControl({ files: kernel, attribute: kernel.attribute });
  };
  return runControl(argv, { open, accounts: systemAccounts, labels, colour: false });
}

function refusal(argv: readonly string[]): string {
  try {
    camflow(...argv);
  } catch (error) {
    if (isCamflowError(error)) return `${error.code} ${describeError(error)}`;
    throw error;
  }
  return 'none';
}

// No process has it: numbers end before.
const noPid = '4194304';

test.each<[argv: string[], refusal: RegExp]>([
  [
    ['--channel', 'mine', '-s'],
    /^SOURCE_UNAVAILABLE There is no channel mine\. .*camflow --channel mine makes it/,
  ],
  [['--channel', 'mine', '--track-user', 'root', 'track'], /^SOURCE_UNAVAILABLE There is no channel mine/],
  [['-e', 'true', '--channel', 'mine', '--json'], /^SOURCE_UNAVAILABLE There is no channel mine/],
  [['--channel', 'mine', '--channel', 'other'], /^USAGE /],
  [['--track-user', 'no-such-user', 'track'], /^USAGE There is no user/],
  [['--track-group', 'no-such-group', 'track'], /^USAGE There is no group/],
  [['--track-cgroup', '/none', 'track'], /^CONFIG_BAD_VALUE There is no cgroup/],
  [['--track-secctx', 'x'.repeat(256), 'track'], /^CONFIG_BAD_VALUE .* is too long\. The longest has 255/],
  [['--track-file', at('none'), 'true'], /^SYSTEM_CALL_FAILED Cannot find .*ENOENT.* exists\.$/],
  [['--track-file', at('file/below'), 'true'], /^SYSTEM_CALL_FAILED Cannot find .*ENOTDIR/],
  [['--opaque-file', at('none'), 'true'], /ENOENT/],
  [['--taint-file', at('none'), '1'], /ENOENT/],
  [['--label-file', at('none'), 'secret'], /ENOENT/],
  [['--label-file', at('file'), ' secret'], /^CONFIG_BAD_VALUE .*is not a label/],
  [['--track-process', noPid, 'true'], /^SYSTEM_CALL_FAILED There is no process 4194304/],
  [['--opaque-process', noPid, 'true'], /There is no process/],
  [['--taint-process', noPid, '1'], /There is no process/],
  [['--label-process', noPid, 'secret'], /There is no process/],
  [['--file', at('none')], /ENOENT/],
  [['--process', noPid], /There is no process/],
  [['--file', at('file')], /^SOURCE_UNAVAILABLE The BPF programs are not loaded/],
])('%j is refused without programs being loaded for it', (argv, wanted) => {
  expect(refusal(argv)).toMatch(wanted);
  expect(loads).toBe(0);
  expect(labels.read()).toEqual([]);
});

test.each([[['--channel', 'mine']], [['--json', '--channel', 'mine']]])(
  '%j loads the programs, and tells them nothing',
  (argv) => {
    camflow(...argv);
    expect(loads).toBe(1);
    expect(kernel.writes).toEqual([]);
  },
);

test.each([
  [['-e', 'true']],
  [['--reset-filter']],
  [['--node-filter', 'file', 'true']],
  [['--change-epoch']],
  [['--track-user', 'root', 'track']],
  [['--track-ipv4-egress', '10.0.0.0/8:0', 'track']],
  [['--track-file', at('file'), 'true']],
  [['--track-file', at('fifo'), 'true']],
  [['--track-file', at('socket'), 'true']],
  [['--track-process', String(process.pid), 'true']],
])('%j loads them, once', (argv) => {
  camflow(...argv);
  expect(loads).toBe(1);
  expect(kernel.writes.length).toBeGreaterThan(0);
});

test('a label that no bit is left for loads nothing either', () => {
  writeFileSync(at('labels'), Array.from({ length: 64 }, (_, bit) => `label ${bit}\n`).join(''));
  const outcome = refusal(['--label-file', at('file'), 'one more']);
  rmSync(at('labels'));
  expect(outcome).toMatch(/^CONFIG_BAD_VALUE There is no bit left/);
  expect(loads).toBe(0);
});
