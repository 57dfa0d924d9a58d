import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { createStory } from '@camflow/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type RunningProgram, startProgram } from '../system/programs.ts';
import { RelayPipes } from './relay-pipes.ts';
import { until } from './scale.ts';
import { SpadeReader } from './spade-reader.ts';

let root: string;
let log: string;
let pipes: RelayPipes;
let feeding: Promise<void>;
let records: number;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'camflow-followed-'));
  log = path.join(root, 'logs', 'audit.log');
  mkdirSync(path.dirname(log));
  const streams: Buffer[] = [];
  for (const { stream, bytes } of createStory({ records: 30_000, seed: 9 }).chunks())
    if (stream.kind === 'short')
      streams[stream.cpu] = Buffer.concat([streams[stream.cpu] ?? Buffer.alloc(0), bytes]);
  records = streams.reduce((sum, { length }) => sum + length / 256, 0);
  pipes = new RelayPipes(path.join(root, 'relay'), streams);
});
afterEach(async () => {
  pipes.close();
  await feeding;
  rmSync(root, { recursive: true, force: true });
});

/** Records what the pipes give, at the pace of a machine at work. */
function record(...settings: string[]): RunningProgram {
  const all = [
    'general.source=kernel',
    'kernel.backend=relay',
    `kernel.relay_dir=${path.join(root, 'relay')}`,
    `kernel.securityfs_dir=${path.join(root, 'none')}`,
    'general.format=spade_json',
    'general.output=log',
    `log.path=${log}`,
    ...settings,
  ];
  return startProgram(
    'camflowd',
    all.flatMap((setting) => ['--set', setting]),
  );
}

/** Follows the log as people do, into a reader. */
function follow(reader: SpadeReader): ChildProcess {
  writeFileSync(log, '');
  const tail = spawn('tail', ['-F', '-n', '+1', '-s', '0.05', log], { stdio: ['ignore', 'pipe', 'ignore'] });
  tail.stdout!.on('data', (bytes: Buffer) => reader.push(bytes));
  return tail;
}

/** Everything in the log and its old files, whatever their order. */
function everything(): string[] {
  return readdirSync(path.dirname(log)).flatMap((name) => {
    const bytes = readFileSync(path.join(path.dirname(log), name));
    return (name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString().split('\n').slice(0, -1);
  });
}

/** Every record was read by it once, and it left out only what it knows nothing of. */
function expectAll(reader: SpadeReader, lines: readonly string[]): void {
  expect(reader.stopped).toBeUndefined();
  expect(lines.length).toBe(records);
  expect(new Set(lines).size).toBe(records);
  expect([...reader.taken, ...reader.skipped].sort()).toEqual([...lines].sort());
  for (const text of reader.skipped) expect(text).toContain('"type":"WasInfluencedBy"');
}

test("SPADE's reader, behind tail -F, sees every record of a log that rotates once", {
  timeout: 120_000,
}, async () => {
  const reader = new SpadeReader();
  const tail = follow(reader);
  try {
    const daemon = record('log.rotate_interval=1', 'log.rotate_compress=true');
    await daemon.said(/msg="recording"/);
    feeding = pipes.feed();
    await feeding;
    daemon.process.kill('SIGTERM');
    expect((await daemon.ended).stderr).toMatch(/ produced = .* delivered \+ 0 filtered \+ 0 dropped"/);
    await until(() => reader.taken.length + reader.skipped.length === records);
    expect(readdirSync(path.dirname(log)).length).toBeGreaterThan(2);
    expectAll(reader, everything());
  } finally {
    tail.kill();
  }
});

const logrotate = '/usr/sbin/logrotate';
const haveLogrotate = process.env['CAMFLOW_TEST_SYSTEM'] === '1' || existsSync(logrotate);
const note = haveLogrotate ? '' : ' (skipped: needs logrotate)';
test.skipIf(!haveLogrotate).each(['', 'compress delaycompress', 'copytruncate'])(
  `logrotate takes the log while it is written, and no record is lost or torn: %s${note}`,
  { timeout: 120_000 },
  async (how) => {
    const daemon = record();
    await daemon.said(/msg="recording"/);
    const rules = path.join(root, 'logrotate.conf');
    const hangup = `postrotate\nkill -HUP ${daemon.process.pid}\nendscript`;
    const own = how === 'copytruncate' ? how : [...how.split(' '), hangup].join('\n');
    writeFileSync(rules, `${log} {\nsu root root\nrotate 100\n${own}\n}\n`);
    feeding = pipes.feed();
    let fed = false;
    void feeding.then(() => {
      fed = true;
    });
    let rotations = 0;
    while (!fed) {
      await sleep(700);
      // What is written between the copy and the cut is lost, by logrotate's own account: so nothing is.
      if (how === 'copytruncate') daemon.process.kill('SIGSTOP');
      const args = ['-f', '-s', path.join(root, 'state'), rules];
      expect(spawnSync(logrotate, args, { encoding: 'utf8' }).stderr).toBe('');
      if (how === 'copytruncate') daemon.process.kill('SIGCONT');
      rotations++;
    }
    daemon.process.kill('SIGTERM');
    expect((await daemon.ended).stderr).toMatch(/ produced = .* delivered \+ 0 filtered \+ 0 dropped"/);
    expect(rotations).toBeGreaterThan(2);
    const lines = everything();
    expect(lines.length).toBe(records);
    expect(new Set(lines).size).toBe(records);
    const reader = new SpadeReader();
    reader.push(Buffer.from(`${lines.join('\n')}\n`));
    expectAll(reader, lines);
  },
);
