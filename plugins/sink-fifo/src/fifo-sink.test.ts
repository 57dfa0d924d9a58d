import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  closeSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink, UnitBatch } from '@camflow/api';
import { afterAll, describe, expect, test } from 'vitest';
import sinkFifo from './index.ts';
import { fifoOptions } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-fifo-'));
const children: ChildProcess[] = [];
afterAll(() => {
  for (const child of children) child.kill('SIGKILL');
  rmSync(folder, { recursive: true });
});
const never = new AbortController().signal;
const start = { origin: { abi: 'camflow-0.9', machineId: 0, bootId: 0, epoch: 0 } };

function make(path: string): Sink {
  return sinkFifo.create(
    { path },
    {
      log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
      section: 'fifo',
      format: { name: 'lines', mediaType: 'text/plain', framing: 'lines' },
    },
  );
}

async function opened(path: string): Promise<Sink> {
  const sink = make(path);
  await sink.check?.();
  await sink.open(start);
  return sink;
}

function batchOf(lines: readonly string[]): UnitBatch {
  let end = 0;
  const ends = Uint32Array.from(lines, (line) => {
    end += line.length;
    return end;
  });
  return {
    bytes: Buffer.from(lines.join('')),
    count: lines.length,
    ends,
    records: new Uint32Array(lines.length).fill(1),
  };
}

const unit = (index: number): string => `${String(index).padStart(8, '0')}${'.'.repeat(index % 200)}\n`;
const units = (from: number, count: number): string[] =>
  Array.from({ length: count }, (_, index) => unit(from + index));

/** A reader in another process; what it read is in the file `<name>.out`. */
function cat(path: string, name: string): { kill(): Promise<void>; ended(): Promise<string> } {
  const out = join(folder, `${name}.out`);
  const fd = openSync(out, 'w');
  const child = spawn('cat', [path], { stdio: ['ignore', fd, 'inherit'] });
  closeSync(fd);
  children.push(child);
  const exited = once(child, 'exit');
  return {
    kill: async () => {
      child.kill('SIGKILL');
      await exited;
    },
    ended: async () => {
      await exited;
      return readFileSync(out, 'utf8');
    },
  };
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

describe('options', () => {
  const validate = fifoOptions.schema['~standard'].validate;

  test('have the documented default', () => {
    expect(validate({})).toEqual({ value: { path: fifoOptions.keys['path']!.default }, typed: true });
  });

  test.each(['relative', '/folder/', '/a\0b', ''])('refuse the path %j', (path) => {
    expect(validate({ path })).toHaveProperty('issues');
  });
});

describe('the named pipe', () => {
  test('is made with its folder, and not before open', async () => {
    const path = join(folder, 'run', 'pipe');
    const sink = make(path);
    await sink.close();
    await sink.check?.();
    expect(existsSync(join(folder, 'run'))).toBe(false);
    await sink.open(start);
    expect(statSync(path).isFIFO()).toBe(true);
    expect(statSync(path).mode & 0o777).toBe(0o640 & ~process.umask());
    expect(statSync(join(folder, 'run')).mode & 0o777).toBe(0o750 & ~process.umask());
    await sink.close();
    await sink.close();
    expect(existsSync(path)).toBe(true);
  });

  test('is accepted where it exists', async () => {
    const path = join(folder, 'existing');
    execFileSync('mkfifo', ['-m', '600', path]);
    const sink = await opened(path);
    const reader = cat(path, 'existing');
    await writeUntilTaken(sink, batchOf(['whole\n']), () => {});
    await sink.close();
    expect(await reader.ended()).toBe('whole\n');
    expect(statSync(path).mode & 0o777).toBe(0o600);
  });

  test.each([
    ['file', (path: string) => writeFileSync(path, '')],
    ['folder', (path: string) => mkdirSync(path)],
    ['link', (path: string) => symlinkSync(join(folder, 'existing'), path)],
  ])('is refused where a %s is in its place', async (name, prepare) => {
    const path = join(folder, `a-${name}`);
    prepare(path);
    const error = { code: 'SINK_MISCONFIGURED', hint: expect.stringContaining('Move it away') };
    await expect(make(path).check?.()).rejects.toMatchObject(error);
    await expect(make(path).open(start)).rejects.toMatchObject(error);
  });
});

test('without a reader a write is refused at once, to be tried again', async () => {
  const sink = await opened(join(folder, 'unread'));
  await expect(sink.write(batchOf(['x\n']), never)).rejects.toMatchObject({
    code: 'SINK_UNAVAILABLE',
    retryable: true,
    message: expect.stringContaining('Nobody reads'),
  });
  await sink.close();
});

test('a reader that does not read holds up the write, not the event loop, and a stop ends it', async () => {
  const path = join(folder, 'slow');
  const sink = await opened(path);
  const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const batch = batchOf(units(0, 10_000));
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
  closeSync(reader);
  await sink.close();
});

test('readers are killed and come back: each begins with a unit, and none is out of order', async () => {
  const path = join(folder, 'killed');
  const sink = await opened(path);
  let failures = 0;
  let stopped = false;
  let next = 0;
  const writing = (async () => {
    for (; !stopped; next += 500) {
      await writeUntilTaken(sink, batchOf(units(next, 500)), () => failures++);
      // Gives the reader time to fall behind and to catch up.
      if (next % 5000 === 0) await sleep(5);
    }
    await writeUntilTaken(sink, batchOf(units(next, 500)), () => failures++);
  })();

  const outputs: string[] = [];
  for (let round = 0; round < 4; round++) {
    const reader = cat(path, `killed-${round}`);
    // More than a thousand units, whose mean length is below 110 bytes.
    while (statSync(join(folder, `killed-${round}.out`)).size < 200_000) await sleep(5);
    if (round === 3) {
      stopped = true;
      await writing;
      await sink.close();
    } else {
      await reader.kill();
      const before = failures;
      while (failures === before) await sleep(5);
    }
    outputs.push(await reader.ended());
  }

  let highest = -1;
  for (const [round, output] of outputs.entries()) {
    const lines = output.split('\n');
    const last = lines.pop()!;
    // A killed reader may have been handed half a unit; the last one was not.
    if (round === 3) expect(last).toBe('');
    expect(lines.length, `reader ${round}`).toBeGreaterThan(1000);
    let previous = Number(lines[0]!.slice(0, 8)) - 1;
    for (const line of lines) {
      const index = Number(line.slice(0, 8));
      if (`${line}\n` !== unit(index)) expect.fail(`reader ${round} got ${JSON.stringify(line)}`);
      if (index !== previous + 1) expect.fail(`reader ${round} got ${index} after ${previous}`);
      previous = index;
    }
    expect(previous).toBeGreaterThan(highest);
    highest = previous;
  }
  expect(highest).toBe(next + 499);
});
