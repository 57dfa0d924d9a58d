import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { account, linesOf, type Workload } from './accounting.ts';
import { acknowledgingReader, ReplayedWorkload } from './replayed-workload.ts';
import { scaled, until } from './scale.ts';

let replayed: ReplayedWorkload;
let root: string;
let workload: Workload;
beforeAll(async () => {
  replayed = await ReplayedWorkload.create('outputs');
  ({ root, workload } = replayed);
});
afterAll(() => replayed.remove());

const deaths = scaled(20, 4);
test(`a reader that acknowledges, dies ${deaths} times and stalls in between gets every record`, {
  timeout: 600_000,
}, async () => {
  const socket = path.join(root, 'ack.sock');
  const file = path.join(root, 'ack.out');
  writeFileSync(file, '');
  let current = acknowledgingReader(socket, file);
  const daemon = replayed.replay('ack', [
    'general.output=unix_socket,null',
    'unix_socket.type=stream',
    'unix_socket.ack=true',
    `unix_socket.address=${socket}`,
  ]);
  try {
    for (let death = 0; death < deaths; death++) {
      const before = statSync(file).size;
      await until(() => statSync(file).size > before || /has ended/.test(daemon.stderr()));
      await sleep(Math.random() * 50);
      current.kill('SIGSTOP');
      await sleep(50);
      current.kill('SIGKILL');
      await sleep(20);
      current = acknowledgingReader(socket, file);
    }
    await daemon.said(/has ended/, 300_000);
    daemon.process.kill('SIGTERM');
    const { stderr } = await daemon.ended;
    expect(stderr.split(`${replayed.total} produced = ${replayed.total} delivered`).length - 1).toBe(2);
    const { missing, repeats } = account(linesOf(file), workload);
    console.log(`reader that dies: ${repeats} repeats after ${deaths} deaths`);
    expect(missing).toBe(0);
  } finally {
    current.kill('SIGKILL');
  }
});

test('a reader of a fifo that comes late and stalls gets every record once', {
  timeout: 300_000,
}, async () => {
  const fifo = path.join(root, 'fifo');
  const file = path.join(root, 'fifo.out');
  const daemon = replayed.replay('fifo', ['general.output=fifo,null', `fifo.path=${fifo}`]);
  await daemon.said(/does not take anything now/);
  const out = openSync(file, 'w');
  const cat = spawn('cat', [fifo], { stdio: ['ignore', out, 'inherit'] });
  const read = once(cat, 'close');
  for (let i = 0; i < scaled(20, 3); i++) {
    await sleep(60);
    cat.kill('SIGSTOP');
    await sleep(200);
    cat.kill('SIGCONT');
  }
  await daemon.said(/has ended/, 120_000);
  daemon.process.kill('SIGTERM');
  await daemon.ended;
  await read;
  closeSync(out);
  expect(account(linesOf(file), workload)).toEqual({ missing: 0, repeats: 0 });
});

test('two outputs of which one is dead for the whole run: the other gets everything, the dead one keeps it', {
  timeout: 300_000,
}, async () => {
  const log = path.join(root, 'alive.log');
  const { stderr, status } = await (async () => {
    const daemon = replayed.replay('dead', [
      'general.output=unix_socket,log',
      `unix_socket.address=${path.join(root, 'nobody')}`,
      `log.path=${log}`,
    ]);
    await until(
      () => existsSync(log) && readFileSync(log).filter((byte) => byte === 10).length === workload.records,
    );
    daemon.process.kill('SIGTERM');
    return daemon.ended;
  })();
  expect(status).toBe(0);
  expect(stderr).toContain(
    `${replayed.total} produced = ${replayed.total} delivered + 0 filtered + 0 dropped`,
  );
  expect(stderr).toContain(
    `${replayed.total} produced = 0 delivered + 0 filtered + 0 dropped + ${replayed.total} left in the spool`,
  );
  expect(account(linesOf(log), workload)).toEqual({ missing: 0, repeats: 0 });
});

test.each(['flipped bits', 'truncated', 'removed'])(
  'a spool with %s: what is lost is counted, and told',
  { timeout: 300_000 },
  async (damage) => {
    const name = damage.replace(' ', '-');
    const socket = path.join(root, `${name}.sock`);
    const settings = [
      // Alone it would hold back the source.
      'general.output=unix_socket,null',
      'unix_socket.type=stream',
      'unix_socket.ack=true',
      `unix_socket.address=${socket}`,
      'unix_socket.spool=always',
      // Segments are an eighth of it; all of them must find room.
      `unix_socket.spool_max_size=${scaled(268_435_456, 48_000_000)}`,
    ];
    const daemon = replayed.replay(name, settings);
    const folder = path.join(root, `spool-${name}`, 'unix_socket');
    const segments = (): string[] =>
      readdirSync(folder)
        .filter((each) => each.endsWith('.segment'))
        .sort()
        .map((each) => path.join(folder, each));
    await until(() => existsSync(folder) && segments().length > 2);
    daemon.process.kill('SIGTERM');
    const left = await daemon.ended;
    const spooled = Number(/([0-9,]+) left in the spool/.exec(left.stderr)![1]!.replaceAll(',', ''));
    expect(spooled).toBeGreaterThan(0);
    const all = segments();
    expect(all.length).toBeGreaterThan(1);
    // With what was before it, and what comes after.
    const victim = all[(all.length - 1) >> 1]!;
    const bytes = readFileSync(victim);
    if (damage === 'removed') rmSync(victim);
    else if (damage === 'truncated') truncateSync(victim, bytes.length >> 1);
    else {
      for (let at = 1000; at < bytes.length; at += bytes.length >> 2) bytes[at]! ^= 16;
      writeFileSync(victim, bytes);
    }
    const file = path.join(root, `${name}.out`);
    const process_ = acknowledgingReader(socket, file);
    try {
      const again = await replayed.replay(name, settings, '--once').ended;
      const balance = /balance: (.*)/.exec(again.stderr)![1]!;
      const lost = Number(/spool_damaged ([0-9,]+)/.exec(balance)![1]!.replaceAll(',', ''));
      expect(lost).toBeGreaterThan(0);
      const lines = linesOf(file);
      const { missing } = account(
        lines.filter((line) => !line.includes('"gap"')),
        workload,
      );
      expect(missing).toBe(lost);
      console.log(`${damage}: ${lost} of ${spooled} spooled records lost and counted`);
    } finally {
      process_.kill('SIGKILL');
    }
  },
);

const mayMount = process.env['CAMFLOW_TEST_SYSTEM'] === '1' || process.getuid?.() === 0;
test.skipIf(!mayMount)(
  `a log whose file system is full and is freed later gets every record once${mayMount ? '' : ' (skipped: needs root)'}`,
  { timeout: 300_000 },
  async () => {
    const disk = path.join(root, 'disk');
    mkdirSync(disk);
    const size = scaled(200_000, 40_000) * 1200;
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', disk]).status).toBe(0);
    try {
      const hog = path.join(disk, 'hog');
      const fd = openSync(hog, 'w');
      const piece = Buffer.alloc(1 << 20);
      // All but some records are shut out.
      for (let left = size - (2 << 20); left > 0; left -= piece.length) writeSync(fd, piece);
      closeSync(fd);
      const log = path.join(disk, 'audit.log');
      const daemon = replayed.replay('full', ['general.output=log,null', `log.path=${log}`]);
      await daemon.said(/does not take anything now.*ENOSPC/s);
      await sleep(300);
      rmSync(hog);
      await daemon.said(/has ended/, 120_000);
      daemon.process.kill('SIGTERM');
      const { stderr } = await daemon.ended;
      expect(stderr.split(`${replayed.total} produced = ${replayed.total} delivered`).length - 1).toBe(2);
      expect(account(linesOf(log), workload)).toEqual({ missing: 0, repeats: 0 });
    } finally {
      spawnSync('umount', [disk]);
    }
  },
);
