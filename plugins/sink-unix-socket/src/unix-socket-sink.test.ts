import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FormatInfo, RawOptions, Sink, UnitBatch, WriteReceipt } from '@camflow/api';
import { afterAll, describe, expect, test } from 'vitest';
import sinkUnixSocket from './index.ts';
import { unixSocketOptions } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-unix-'));
const children: ChildProcessByStdio<null, Readable, null>[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});
const never = new AbortController().signal;
const start = { origin: { abi: 'camflow-0.9', machineId: 0, bootId: 0, epoch: 0 } };

function make(raw: RawOptions, framing: FormatInfo['framing'] = 'lines'): Sink {
  const result = unixSocketOptions.schema['~standard'].validate(raw);
  if (result instanceof Promise || result.issues) throw new Error('bad options in a test');
  return sinkUnixSocket.create(result.value, {
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    section: 'unix_socket',
    format: { name: framing, mediaType: 'text/plain', framing },
  });
}

function batchOf(units: readonly string[], records = 1): UnitBatch {
  let end = 0;
  const ends = Uint32Array.from(units, (unit) => {
    end += unit.length;
    return end;
  });
  return {
    bytes: Buffer.from(units.join('')),
    count: units.length,
    ends,
    records: new Uint32Array(units.length).fill(records),
  };
}

const unit = (index: number): string => `${String(index).padStart(8, '0')}${'.'.repeat(index % 200)}\n`;
const unitsFrom = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => unit(from + index));

/** A stream reader: passes on what the connection brings. */
const streamReader = `
import net from 'node:net';
import fs from 'node:fs';
fs.rmSync(process.argv[1], { force: true });
const server = net.createServer((socket) => {
  socket.on('data', (chunk) => fs.writeSync(1, chunk));
  socket.on('end', () => { server.close(); socket.end(); });
  socket.on('error', () => process.exit(1));
});
server.listen(process.argv[1], () => fs.writeSync(1, 'ready\\n'));
`;

/** A datagram reader: each datagram as a line of hexadecimal. */
const datagramReader = `
import os, socket, sys
if os.path.exists(sys.argv[1]): os.unlink(sys.argv[1])
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.write(1, b'ready\\n')
while True: os.write(1, s.recv(1 << 20).hex().encode() + b'\\n')
`;

interface Reader {
  /** What it has passed on so far, without the first line. */
  text(): string;
  kill(): Promise<void>;
  readonly ended: Promise<unknown>;
  signal(name: NodeJS.Signals): void;
}

async function read(type: 'stream' | 'dgram', address: string): Promise<Reader> {
  const [program, ...args] =
    type === 'stream'
      ? [process.execPath, '--input-type=module', '-e', streamReader, address]
      : ['python3', '-c', datagramReader, address];
  const child = spawn(program!, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  children.push(child);
  const ended = once(child, 'close');
  let text = '';
  child.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  while (!text.includes('\n')) await once(child.stdout, 'data');
  return {
    text: () => text.slice(text.indexOf('\n') + 1),
    kill: async () => {
      child.kill('SIGKILL');
      await ended;
    },
    ended,
    signal: (name) => child.kill(name),
  };
}

/** The datagrams of a reader; a last line that was cut by its end is left out. */
function datagramsOf(text: string): string[] {
  const lines = text.split('\n');
  lines.pop();
  return lines.map((line) => Buffer.from(line, 'hex').toString('latin1'));
}

async function writeUntilTaken(sink: Sink, batch: UnitBatch, failed: () => void): Promise<void> {
  for (;;) {
    try {
      await sink.write(batch, never);
      return;
    } catch (error) {
      expect(error).toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
      failed();
      await sleep(5);
    }
  }
}

async function waitFor(condition: () => boolean): Promise<void> {
  for (let waited = 0; !condition(); waited += 5) {
    if (waited > 10_000) throw new Error('the reader did not get what was sent');
    await sleep(5);
  }
}

function hasPython(): boolean {
  try {
    execFileSync('python3', ['-c', '']);
    return true;
  } catch {
    return false;
  }
}
const python = process.env['CAMFLOW_TEST_SYSTEM'] === '1' || hasPython();
const note = python ? '' : ' (skipped: no python3 to read datagrams with)';

describe.each(['stream', 'dgram'] as const)('type=%s', (type) => {
  const skipped = type === 'dgram' && !python;
  const why = type === 'dgram' ? note : '';

  test('the reader may be absent, and nothing is made for it', async () => {
    const address = join(folder, `absent-${type}`);
    const sink = make({ address, type });
    await sink.close();
    await sink.check?.();
    await sink.open(start);
    await expect(sink.write(batchOf(['x\n']), never)).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      retryable: true,
      message: expect.stringContaining('Nobody reads'),
    });
    expect(existsSync(address)).toBe(false);
    await sink.close();
    await sink.close();
  });

  test('something else in its place is found before the start', async () => {
    const address = join(folder, `file-${type}`);
    writeFileSync(address, '');
    await expect(make({ address, type }).check?.()).rejects.toMatchObject({ code: 'SINK_MISCONFIGURED' });
  });

  test.skipIf(skipped)(`a reader of the other type is named as the trouble${why}`, async () => {
    const address = join(folder, `other-${type}`);
    const reader = await read(type === 'stream' ? 'stream' : 'dgram', address);
    const sink = make({ address, type: type === 'stream' ? 'dgram' : 'stream' });
    await sink.open(start);
    await expect(sink.write(batchOf(['x\n']), never)).rejects.toMatchObject({
      retryable: true,
      hint: expect.stringContaining('type'),
    });
    await sink.close();
    await reader.kill();
  });

  test.skipIf(skipped)(`a reader that does not read holds up the write and nothing else${why}`, async () => {
    const address = join(folder, `slow-${type}`);
    const reader = await read(type, address);
    const sink = make({ address, type });
    await sink.open(start);
    await sink.write(batchOf(['first\n']), never);
    reader.signal('SIGSTOP');
    const batch = batchOf(unitsFrom(0, 50_000));
    const stop = new AbortController();
    let ticks = 0;
    const clock = setInterval(() => ticks++, 5);
    setTimeout(() => stop.abort(), 200);
    const before = performance.now();
    await expect(sink.write(batch, stop.signal)).rejects.toMatchObject({
      code: 'SINK_UNAVAILABLE',
      retryable: true,
    });
    expect(performance.now() - before).toBeLessThan(5000);
    expect(ticks).toBeGreaterThan(0);
    clearInterval(clock);
    await expect(sink.write(batchOf(['x\n']), stop.signal)).rejects.toMatchObject({ retryable: true });
    await sink.close();
    await reader.kill();
  });

  test.skipIf(skipped)(
    `readers are killed and come back: whole units, in order, to the last${why}`,
    async () => {
      const address = join(folder, `killed-${type}`);
      const sink = make({ address, type });
      await sink.open(start);
      let failures = 0;
      let stopped = false;
      let next = 0;
      const writing = (async () => {
        for (; !stopped; next += 200) {
          const batch = batchOf(unitsFrom(next, 200));
          await writeUntilTaken(sink, batch, () => failures++);
          batch.bytes.fill(0x21);
          if (next % 2000 === 0) await sleep(2);
        }
      })();

      let highest = -1;
      for (let round = 0; round < 4; round++) {
        const reader = await read(type, address);
        await sleep(200);
        if (round === 3) {
          stopped = true;
          await writing;
          await waitFor(() => endsWith(reader.text(), type, unit(next - 1)));
        } else {
          const before = failures;
          await reader.kill();
          await waitFor(() => failures > before);
        }
        const units =
          type === 'stream' ? wholeLines(reader.text()) : datagramsOf(reader.text()).flatMap(lines);
        expect(units.length, `reader ${round}`).toBeGreaterThan(1000);
        let previous = Number(units[0]!.slice(0, 8)) - 1;
        for (const text of units) {
          const index = Number(text.slice(0, 8));
          if (text !== unit(index)) expect.fail(`reader ${round} got ${JSON.stringify(text)}`);
          if (index !== previous + 1) expect.fail(`reader ${round} got ${index} after ${previous}`);
          previous = index;
        }
        expect(previous).toBeGreaterThan(highest);
        highest = previous;
        if (round === 3) {
          await sink.close();
          await reader.kill();
        }
      }
      expect(highest).toBe(next - 1);
    },
  );
});

/** Units of one datagram, each with its newline; a datagram never holds part of one. */
function lines(datagram: string): string[] {
  if (!datagram.endsWith('\n')) expect.fail(`a datagram ends inside a unit: ${datagram.slice(-40)}`);
  return wholeLines(datagram);
}

function wholeLines(text: string): string[] {
  return text.split(/(?<=\n)/).filter((line) => line.endsWith('\n'));
}

function endsWith(text: string, type: 'stream' | 'dgram', end: string): boolean {
  return text.endsWith(type === 'stream' ? end : `${Buffer.from(end, 'latin1').toString('hex')}\n`);
}

describe.skipIf(!python)(`datagrams${note}`, () => {
  async function sendAll(
    raw: RawOptions,
    framing: FormatInfo['framing'],
    units: UnitBatch,
    last: string,
  ): Promise<{ datagrams: string[]; receipt: WriteReceipt | undefined }> {
    const address = join(folder, `one-${Math.random().toString(36).slice(2)}`);
    const reader = await read('dgram', address);
    const sink = make({ address, ...raw }, framing);
    await sink.open(start);
    const receipt = await sink.write(units, never);
    await waitFor(() => endsWith(reader.text(), 'dgram', last));
    await sink.close();
    await reader.kill();
    return { datagrams: datagramsOf(reader.text()), receipt };
  }

  test('lines are joined up to the size, documents are not', async () => {
    const units = ['aa\n', 'bb\n', 'cc\n', 'dd\n'];
    const joined = await sendAll({ max_datagram: '9' }, 'lines', batchOf(units), 'dd\n');
    expect(joined).toEqual({ datagrams: ['aa\nbb\ncc\n', 'dd\n'], receipt: undefined });
    const single = await sendAll({ max_datagram: '9' }, 'documents', batchOf(units), 'dd\n');
    expect(single.datagrams).toEqual(units);
  });

  test('a unit that no datagram can carry is counted, its neighbours pass', async () => {
    const large = `${'x'.repeat(40_000)}\n`;
    for (const framing of ['lines', 'documents'] as const) {
      const { datagrams, receipt } = await sendAll(
        { send_buffer: '8192', max_datagram: '1000' },
        framing,
        batchOf(['before\n', large, 'after\n'], 3),
        'after\n',
      );
      expect(datagrams).toEqual(['before\n', 'after\n']);
      expect(receipt).toEqual({ lost: { unit_too_large: 3 } });
    }
  });

  test('lines that together are too large pass one by one', async () => {
    const units = Array.from({ length: 6 }, (_, index) => `${index}`.repeat(9_000).concat('\n'));
    const { datagrams, receipt } = await sendAll(
      { send_buffer: '8192', max_datagram: '60000' },
      'lines',
      batchOf([...units, 'end\n']),
      'end\n',
    );
    expect(receipt).toBeUndefined();
    expect(datagrams).toEqual([...units, 'end\n']);
  });

  test('a document of 64 KiB passes with the default options', async () => {
    const document = `${'d'.repeat(65_535)}\n`;
    const { datagrams } = await sendAll({}, 'documents', batchOf([document]), document);
    expect(datagrams).toEqual([document]);
  });
});

test('a stream reader gets the end of the last unit, and then the end', async () => {
  const address = join(folder, 'ended');
  const reader = await read('stream', address);
  const sink = make({ address, type: 'stream' });
  await sink.open(start);
  const units = unitsFrom(0, 50_000);
  await sink.write(batchOf(units), never);
  await sink.close();
  await reader.ended;
  expect(reader.text() === units.join('')).toBe(true);
});
