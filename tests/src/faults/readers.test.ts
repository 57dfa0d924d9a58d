import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStory } from '@camflow/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startProgram } from '../system/programs.ts';
import { account, linesOf, type Workload } from './accounting.ts';
import { RelayPipes } from './relay-pipes.ts';
import { ReplayedWorkload } from './replayed-workload.ts';
import { scaled, until } from './scale.ts';

let replayed: ReplayedWorkload;
let root: string;
let workload: Workload;
beforeAll(async () => {
  replayed = await ReplayedWorkload.create('readers');
  ({ root, workload } = replayed);
});
afterAll(() => replayed.remove());

/** A reader in a process of its own, which appends whatever it gets to a file. */
function reader(kind: 'fifo' | 'stream' | 'dgram', address: string, file: string): ChildProcess {
  const type = kind === 'stream' ? 'SOCK_STREAM' : 'SOCK_DGRAM';
  // A writer that goes is the end of a fifo, and not of its reader.
  const fifo = `
import sys
file = open(sys.argv[2], "ab", buffering=0)
while True:
    with open(sys.argv[1], "rb", buffering=0) as pipe:
        while data := pipe.read(65536): file.write(data)
`;
  const socket = `
import os, socket, sys
if os.path.exists(sys.argv[1]): os.unlink(sys.argv[1])
server = socket.socket(socket.AF_UNIX, socket.${type})
server.bind(sys.argv[1])
file = open(sys.argv[2], "ab", buffering=0)
if server.type == socket.SOCK_STREAM:
    server.listen(1)
    while True:
        peer, _ = server.accept()
        while True:
            data = peer.recv(65536)
            if not data: break
            file.write(data)
while True: file.write(server.recv(1 << 20))
`;
  return spawn('python3', ['-c', kind === 'fifo' ? fifo : socket, address, file], { stdio: 'inherit' });
}

/** What a reader reads at once, and has in hand when it dies. */
const readBytes = 64 << 10;
const kernelNumber = (name: string): number => Number(readFileSync(`/proc/sys/net/${name}`, 'utf8'));

/** Bytes at most that the kernel has taken for a reader, or that it has read and not written, when it dies. */
const heldBytes = {
  // A pipe of the usual size.
  fifo: () => (64 << 10) + readBytes,
  stream: () => kernelNumber('core/wmem_default') + readBytes,
  // Those that wait, one more that the kernel lets in, and the one in hand, each of the usual size.
  dgram: () => (kernelNumber('unix/max_dgram_qlen') + 2) * 8192,
} as const;

const deaths = scaled(20, 4);
test.each(['fifo', 'stream', 'dgram'] as const)(
  `a plain reader (%s) that stalls, dies ${deaths} times and returns holds up nobody, and reads whole units in order`,
  { timeout: 300_000 },
  async (kind) => {
    const address = path.join(root, `${kind}.reader`);
    if (kind === 'fifo') execFileSync('mkfifo', [address]);
    const files = Array.from({ length: deaths + 1 }, (_, life) => path.join(root, `${kind}.${life}`));
    for (const file of files) writeFileSync(file, '');
    let current = reader(kind, address, files[0]!);
    const output = kind === 'fifo' ? 'fifo' : 'unix_socket';
    const log = path.join(root, `beside-${kind}.log`);
    const daemon = replayed.replay(kind, [
      `general.output=${output},log`,
      `log.path=${log}`,
      ...(kind === 'fifo' ? [`fifo.path=${address}`] : []),
      ...(kind === 'fifo' ? [] : [`unix_socket.address=${address}`, `unix_socket.type=${kind}`]),
    ]);
    try {
      for (let death = 0; death < deaths; death++) {
        await until(() => statSync(files[death]!).size > 0 || /has ended/.test(daemon.stderr()));
        await sleep(Math.random() * 20);
        current.kill('SIGSTOP');
        await sleep(30);
        current.kill('SIGKILL');
        await once(current, 'exit');
        current = reader(kind, address, files[death + 1]!);
      }
      await daemon.said(/has ended/, 120_000);
      daemon.process.kill('SIGTERM');
      const { stderr } = await daemon.ended;
      // What the kernel has taken for a reader is delivered, by the definition of these outputs; the balance closes.
      expect(
        stderr.split(`${replayed.total} produced = ${replayed.total} delivered + 0 filtered + 0 dropped`)
          .length - 1,
      ).toBe(2);
      await sleep(200);
      const known = new Set(workload.streams.flat());
      // Half a line at the end went with its reader. One that opens a fifo before it is seen that nobody read it gets
      // the rest of what was in there.
      const isRest = (line: string): boolean => [...known].some((each) => each.endsWith(line));
      const lives = files.map((file) => {
        const [first, ...lines] = linesOf(file);
        return first === undefined || (kind === 'fifo' && !known.has(first) && isRest(first))
          ? lines
          : [first, ...lines];
      });
      const { missing, repeats } = account(lives.flat(), workload);
      expect(lives.flat().length).toBeGreaterThan(0);
      expect(account(linesOf(log), workload)).toEqual({ missing: 0, repeats: 0 });
      // No more went with a reader than buffers hold, and the unit that is cut at either end of that. The last one had time.
      const read = new Set(lives.flat());
      const lost = [...known].filter((line) => !read.has(line)).map((line) => Buffer.byteLength(line) + 1);
      const lostBytes = lost.reduce((sum, bytes) => sum + bytes, 0);
      const cutBytes = 2 * Math.max(0, ...lost);
      expect(lostBytes).toBeLessThanOrEqual(deaths * (heldBytes[kind]() + cutBytes));
      console.log(
        `${kind}: ${deaths} deaths, ${missing} (${lostBytes} bytes) went with a reader, ${repeats} came twice`,
      );
    } finally {
      current.kill('SIGKILL');
    }
  },
);

const mayMount = process.env['CAMFLOW_TEST_SYSTEM'] === '1' || process.getuid?.() === 0;
const note = mayMount ? '' : ' (skipped: needs root)';
test.skipIf(!mayMount)(
  `a spool whose file system is full and is freed later: what it had no place for is counted, and it works again${note}`,
  { timeout: 300_000 },
  async () => {
    const disk = path.join(root, 'spool-full');
    mkdirSync(disk);
    expect(spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', disk]).status).toBe(0);
    const address = path.join(root, 'late.reader');
    const file = path.join(root, 'late.out');
    writeFileSync(file, '');
    const streams: Buffer[] = [];
    for (const { stream, bytes } of createStory({ records: 30_000, seed: 2 }).chunks())
      if (stream.kind === 'short')
        streams[stream.cpu] = Buffer.concat([streams[stream.cpu] ?? Buffer.alloc(0), bytes]);
    const relay = path.join(root, 'relay-pipes');
    const pipes = new RelayPipes(relay, streams);
    let feeding = Promise.resolve();
    let late: ChildProcess | undefined;
    try {
      const hog = path.join(disk, 'hog');
      writeFileSync(hog, Buffer.alloc(3 << 20));
      const log = path.join(root, 'beside-full.log');
      const settings = [
        `general.spool_dir=${disk}`,
        'general.source=kernel',
        'kernel.backend=relay',
        `kernel.relay_dir=${relay}`,
        `kernel.securityfs_dir=${path.join(root, 'none')}`,
        'general.format=spade_json',
        'general.output=unix_socket,log',
        `log.path=${log}`,
        'log.spool=off',
        `unix_socket.address=${address}`,
        'unix_socket.type=stream',
        'unix_socket.spool=always',
        'unix_socket.spool_delay_ms=0',
        'unix_socket.spool_max_size=2000000',
      ].flatMap((setting) => ['--set', setting]);
      const daemon = startProgram('camflowd', settings);
      await daemon.said(/msg="recording"/);
      feeding = pipes.feed();
      await daemon.said(/the spool cannot be written.*ENOSPC/s, 60_000);
      rmSync(hog);
      await feeding;
      const records = streams.reduce((sum, { length }) => sum + length / 256, 0);
      await until(() => linesOf(log).length >= records);
      late = reader('stream', address, file);
      const last = linesOf(log).filter(isRecord).at(-1)!;
      await until(() => linesOf(file).includes(last));
      daemon.process.kill('SIGTERM');
      const { stderr } = await daemon.ended;
      const lost = Number(/dropped \(spool_full ([0-9,]+)\)/.exec(stderr)![1]!.replaceAll(',', ''));
      expect(lost).toBeGreaterThan(0);
      const lines = linesOf(log).filter(isRecord);
      expect(lines.length).toBe(records);
      const read = linesOf(file);
      const delivered = new Set(read.filter(isRecord));
      expect(lines.filter((line) => !delivered.has(line)).length).toBe(lost);
      // It is told in the output too.
      expect(read.filter((line) => line.includes('"cause":"spool_full"')).length).toBeGreaterThan(0);
      console.log(`${lost} of ${records} records had no place on the full disk`);
    } finally {
      late?.kill('SIGKILL');
      pipes.close();
      await feeding;
      spawnSync('umount', ['-l', disk]);
    }
  },
);

const isRecord = (line: string): boolean => !line.includes('"object_type":"gap"');
