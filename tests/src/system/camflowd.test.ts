import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { abiCamflow09 } from '@camflow/api';
import { createStory, type StoryChunk, writeRelayDirectory } from '@camflow/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { runProgram, startProgram } from './programs.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'camflowd-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Settings that make camflowd record a folder of relay files into a log. */
function recording(relayDir: string, log: string): string[] {
  const settings = [
    'general.source=kernel',
    `kernel.relay_dir=${relayDir}`,
    `kernel.securityfs_dir=${path.join(folder, 'no-securityfs')}`,
    'general.format=spade_json',
    'general.output=log',
    `log.path=${log}`,
  ];
  return settings.flatMap((setting) => ['--set', setting]);
}

const relayNames = { short: 'provenance', long: 'long_provenance', mixed: '' };

/** What a kernel does: appends the records of a chunk to the file of their stream. */
function appendChunk(relayDir: string, { stream, bytes }: StoryChunk): void {
  appendFileSync(path.join(relayDir, `${relayNames[stream.kind]}${stream.cpu}`), bytes);
}

const linesOf = (file: string): string[] =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\n').slice(0, -1) : [];

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 20_000; !condition(); ) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

describe('camflowd', () => {
  test('records growing relay files, opens its log anew on SIGHUP, and drains on SIGTERM', async () => {
    const relayDir = folder;
    const log = path.join(folder, 'audit.log');
    const rotated = path.join(folder, 'audit.log.1');
    const chunks = [...createStory({ records: 6000, seed: 3 }).chunks()];
    const total = chunks.reduce((sum, { records }) => sum + records, 0);
    const half = chunks.length >> 1;
    for (const chunk of chunks.slice(0, half)) appendChunk(relayDir, chunk);
    const daemon = startProgram('camflowd', recording(relayDir, log));
    const before = chunks.slice(0, half).reduce((sum, { records }) => sum + records, 0);
    await until(() => linesOf(log).length === before);
    renameSync(log, rotated);
    daemon.process.kill('SIGHUP');
    await daemon.said(/outputs opened anew/);
    for (const chunk of chunks.slice(half)) appendChunk(relayDir, chunk);
    // No wait: what is in the relay files at SIGTERM must be read and delivered.
    daemon.process.kill('SIGTERM');
    const { status, stderr } = await daemon.ended;
    expect(stderr).toContain(
      `${total.toLocaleString('en-US')} produced = ${total.toLocaleString('en-US')} delivered + 0 filtered + 0 dropped`,
    );
    expect(status).toBe(0);
    expect(linesOf(rotated).length).toBe(before);
    const all = [...linesOf(rotated), ...linesOf(log)];
    expect(all.length).toBe(total);
    for (const line of all) JSON.parse(line);
    expect(statSync(log).mode & 0o777).toBe(0o640);
  });

  test('reads its configuration again on SIGHUP, also when the source has ended: a bad file changes nothing', async () => {
    const file = path.join(folder, 'camflowd.ini');
    const log = path.join(folder, 'audit.log');
    const relay = path.join(folder, 'relay');
    writeRelayDirectory(relay, createStory({ records: 300 }));
    const good = `[general]\nsource=replay\noutput=log\n[replay]\npath=${relay}\n[log]\npath=${log}\n`;
    writeFileSync(file, good);
    const daemon = startProgram('camflowd', ['--config', file]);
    await daemon.said(/recording/);
    writeFileSync(file, `${good}sync=sometimes\n`);
    daemon.process.kill('SIGHUP');
    await daemon.said(/cannot be used; everything goes on as it was.*log\.sync/s);
    writeFileSync(file, `${good}sync=none\n`);
    daemon.process.kill('SIGHUP');
    await daemon.said(/has changed.*outputs_changed=log|a run that is ended cannot be changed/s);
    expect(daemon.process.exitCode).toBe(null);
    daemon.process.kill('SIGTERM');
    expect((await daemon.ended).status).toBe(0);
    expect(linesOf(log).length).toBeGreaterThan(0);
  });

  test('--once ends with a finite source; without it camflowd waits for a signal', async () => {
    const relay = path.join(folder, 'relay');
    writeRelayDirectory(relay, createStory({ records: 3000 }));
    const log = path.join(folder, 'audit.log');
    const settings = ['general.source=replay', `replay.path=${relay}`, `log.path=${log}`].flatMap((set) => [
      '--set',
      set,
    ]);
    const once = await runProgram('camflowd', ['--once', ...settings]);
    expect(once.status).toBe(0);
    const written = linesOf(log).length;
    expect(written).toBeGreaterThan(1);
    const waiting = startProgram('camflowd', settings);
    await waiting.said(/waiting for a signal/);
    expect(waiting.process.exitCode).toBe(null);
    waiting.process.kill('SIGTERM');
    expect((await waiting.ended).status).toBe(0);
    expect(linesOf(log).length).toBe(2 * written);
  });

  test('several outputs, each with its own format, get every record', async () => {
    const relay = path.join(folder, 'relay');
    const { records } = writeRelayDirectory(relay, createStory({ records: 3000 }));
    const file = path.join(folder, 'camflowd.ini');
    writeFileSync(
      file,
      `[general]
source=replay
output=log,second,capture
[replay]
path=${relay}
[log]
path=${folder}/prov.log
[second]
plugin=log
format=spade_json
path=${folder}/spade.log
[capture]
path=${folder}/run.capture
`,
    );
    const ended = await runProgram('camflowd', ['--once', '--config', file]);
    expect(ended.status).toBe(0);
    const balance = `${records.toLocaleString('en-US')} produced = ${records.toLocaleString('en-US')} delivered + 0 filtered`;
    expect(ended.stderr.split(balance).length - 1).toBe(3);
    expect(linesOf(`${folder}/spade.log`).length).toBe(records);
    const again = await runProgram('camflow', ['replay', `${folder}/run.capture`, '-q', '-f', 'spade_json']);
    expect(again.stdout).toBe(readFileSync(`${folder}/spade.log`, 'utf8'));
  });

  test('a truncated relay file and padding are counted with their place, and hurt nobody', async () => {
    const relay = path.join(folder, 'relay');
    const { records } = writeRelayDirectory(relay, createStory({ records: 3000 }));
    const short = abiCamflow09.framing.shortBytes;
    appendFileSync(path.join(relay, 'short.cpu0.bin'), new Uint8Array(short + 100));
    const ended = await runProgram('camflow', ['replay', relay, '-f', 'spade_json', '-o', `${folder}/out`]);
    expect(ended.status).toBe(0);
    const gaps = linesOf(`${folder}/out`).filter((line) => line.includes('"object_type":"gap"'));
    expect(gaps.map((line) => JSON.parse(line).annotations.cause).sort()).toEqual(['malformed', 'truncated']);
    expect(linesOf(`${folder}/out`).length).toBe(records + gaps.length);
    expect(ended.stderr).toMatch(/padding 1/);
    expect(ended.stderr).toMatch(/dropped \(.*malformed 1.*\)|malformed 1/);
    expect(ended.stderr).toMatch(/truncated 1/);
  });
});

/** Settings for a source that is there on every machine. */
const demo = ['general.source=replay', `replay.path=${repositoryRoot}/core/cli/assets/demo.capture`].flatMap(
  (set) => ['--set', set],
);

describe('mistakes start nothing and are told in one sentence', () => {
  const cases: readonly (readonly [name: string, args: readonly string[], status: number, says: RegExp])[] = [
    ['an unknown output', ['--set', 'general.output=logg'], 3, /logg.*log/s],
    ['an unknown format', ['--set', 'general.format=w4c'], 3, /w4c/],
    ['a bad value', ['--set', 'general.workers=many'], 2, /general\.workers/],
    ['a bad plugin option', ['--set', 'general.output=mqtt', '--set', 'mqtt.qos=7'], 2, /mqtt\.qos/],
    ['a format where an output is expected', ['--set', 'general.output=w3c'], 3, /is a format, not a sink/],
    ['a missing file', ['--config', '/nonexistent/camflowd.ini'], 2, /nonexistent/],
    // Named, since the default would capture this very machine where it can.
    ['no kernel to record', ['--set', 'kernel.backend=relay'], 4, /relay|CamFlow/],
    ['a folder that cannot be made', [...demo, '--set', 'log.path=/proc/x/y/audit.log'], 4, /\/proc\/x\/y/],
    ['a spool that cannot be made', [...demo, '--set', 'general.spool_dir=/proc/x/y'], 4, /\/proc\/x\/y/],
    ['an unknown option', ['--bogus'], 2, /bogus/],
    ['an unset variable', ['--set', `mqtt.password=\${env:CAMFLOW_NO_SUCH}`], 2, /CAMFLOW_NO_SUCH/],
  ];
  test.each(cases)('%s', async (_name, args, status, says) => {
    const log = path.join(folder, 'never.log');
    const ended = await runProgram('camflowd', ['--set', `log.path=${log}`, ...args]);
    expect(ended.stderr).toMatch(says);
    expect(ended.stderr).not.toMatch(/\n\s+at /);
    expect(ended.status).toBe(status);
    expect(existsSync(log) && readFileSync(log, 'utf8') !== '').toBe(false);
  });

  test('an unknown key is a warning with the nearest name, and an error for a strict check', async () => {
    const file = path.join(folder, 'camflowd.ini');
    writeFileSync(file, '[general]\noutput=log\n[log]\npth=/tmp/x\n[mqttt]\nqos=1\n');
    const lax = await runProgram('camflow', ['config', 'check', file]);
    expect(lax.status).toBe(0);
    expect(lax.stdout).toContain(`${file}:4: unknown key "pth" in [log]; did you mean path?`);
    expect(lax.stdout).toContain(`${file}:5: unknown section [mqttt]; did you mean [mqtt]?`);
    const strict = await runProgram('camflow', ['config', 'check', '--strict', file]);
    expect(strict.status).toBe(2);
  });
});

describe('camflow replay', () => {
  const capture = path.join(repositoryRoot, 'core/cli/assets/demo.capture');

  test('leaves a file that is there alone until the capture could be opened, then replaces it', async () => {
    const file = path.join(folder, 'kept.jsonl');
    writeFileSync(file, 'precious\n');
    const failed = await runProgram('camflow', ['replay', path.join(folder, 'nothing'), '-q', '-o', file]);
    expect(failed.status).toBe(4);
    expect(readFileSync(file, 'utf8')).toBe('precious\n');
    const done = await runProgram('camflow', ['replay', capture, '-q', '-o', file]);
    expect(done.status).toBe(0);
    expect(readFileSync(file, 'utf8')).toMatch(/^\{"prefix"/);
  });

  test('says in a sentence that a folder is no output', async () => {
    const ended = await runProgram('camflow', ['replay', capture, '-q', '-o', folder]);
    expect(ended.stderr).toContain(`The log ${folder} is a folder. Name a file in it.`);
    expect(ended.status).toBe(4);
  });

  test('fails where the output refuses what it is given', () => {
    const full = openSync('/dev/full', 'w');
    const launcher = path.join(repositoryRoot, 'core/cli/bin/camflow.js');
    const ended = spawnSync(process.execPath, [launcher, 'replay', capture], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    closeSync(full);
    expect(ended.stderr).toMatch(/ ([1-9][\d,]+) dropped \(sink_rejected \1\)/);
    expect(ended.status).toBe(1);
  });
});
