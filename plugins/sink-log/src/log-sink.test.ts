import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { RawOptions, Sink, UnitBatch } from '@camflow/api';
import { afterAll, describe, expect, test } from 'vitest';
import sinkLog from './index.ts';
import { logOptions } from './options.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-log-'));
afterAll(() => rmSync(folder, { recursive: true }));
const never = new AbortController().signal;
const start = { origin: { abi: 'camflow-0.9', machineId: 0, bootId: 0, epoch: 0 } };

function make(raw: RawOptions): Sink {
  const result = logOptions.schema['~standard'].validate(raw);
  if (result instanceof Promise || result.issues) throw new Error('bad options in a test');
  return sinkLog.create(result.value, {
    log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
    section: 'log',
    format: { name: 'lines', mediaType: 'text/plain', framing: 'lines' },
  });
}

async function opened(raw: RawOptions): Promise<Sink> {
  const sink = make(raw);
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

const numbered = (from: number, count: number, width = 0): string[] =>
  Array.from({ length: count }, (_, index) => `${String(from + index).padStart(width, '0')}\n`);

describe('options', () => {
  const issuesOf = (raw: RawOptions): unknown => logOptions.schema['~standard'].validate(raw);

  test('have the documented defaults', () => {
    expect(issuesOf({})).toMatchObject({
      value: { path: '/var/log/camflow/audit.log', sync: 'batch', syncIntervalMs: 1000 },
    });
    expect(issuesOf({ path: logOptions.keys['path']!.default! })).toEqual(issuesOf({}));
  });

  test.each([
    { path: 'relative.log' },
    { path: '/var/log/' },
    { path: '/a\0b' },
    { sync: 'always' },
    { sync_interval_ms: '1e3' },
    { sync_interval_ms: '1' },
  ])('refuse %o', (raw) => {
    expect(issuesOf(raw)).toHaveProperty('issues');
  });
});

describe('the file', () => {
  test('is made with its folder, readable to the group and to nobody else', async () => {
    const path = join(folder, 'new', 'deeper', 'audit.log');
    const sink = make({ path });
    await sink.check?.();
    expect(existsSync(join(folder, 'new'))).toBe(false);
    await sink.open(start);
    await sink.close();
    expect(statSync(path).mode & 0o777).toBe(0o640 & ~process.umask());
    expect(statSync(join(folder, 'new')).mode & 0o777).toBe(0o750 & ~process.umask());
    expect(statSync(join(folder, 'new', 'deeper')).mode & 0o777).toBe(0o750 & ~process.umask());
  });

  test('is appended to, also after it was truncated by someone else', async () => {
    const path = join(folder, 'append.log');
    writeFileSync(path, 'before\n');
    const sink = await opened({ path });
    await sink.write(batchOf(['one\n', 'two\n']), never);
    expect(readFileSync(path, 'utf8')).toBe('before\none\ntwo\n');
    truncateSync(path);
    await sink.write(batchOf(['three\n']), never);
    await sink.close();
    expect(readFileSync(path, 'utf8')).toBe('three\n');
  });

  test('loses half a line that a killed recorder left, which comes again', async () => {
    const path = join(folder, 'torn.log');
    writeFileSync(path, 'whole\nhal');
    const sink = await opened({ path });
    await sink.write(batchOf(['next\n']), never);
    await sink.close();
    expect(readFileSync(path, 'utf8')).toBe('whole\nnext\n');
  });

  test('may be a character device', async () => {
    const sink = await opened({ path: '/dev/null', sync: 'batch' });
    await sink.write(batchOf(['gone\n']), never);
    await sink.reopen?.();
    await sink.flush?.();
    await sink.close();
  });

  const target = join(folder, 'target');
  writeFileSync(target, '');
  test.each([
    ['a symbolic link', (path: string) => symlinkSync(target, path), /symbolic link/],
    ['a folder', (path: string) => mkdirSync(path), /folder/],
    ['a named pipe', (path: string) => execFileSync('mkfifo', [path]), /named pipe/],
  ])('is refused where it is %s', async (name, prepare, message) => {
    const path = join(folder, name.replaceAll(' ', '-'));
    prepare(path);
    const error = { code: 'SINK_MISCONFIGURED', message: expect.stringMatching(message), retryable: false };
    await expect(make({ path }).check?.()).rejects.toMatchObject(error);
    await expect(make({ path }).open(start)).rejects.toMatchObject(error);
  });

  test('is refused below something that is no folder', async () => {
    const path = join(target, 'audit.log');
    await expect(make({ path }).check?.()).rejects.toMatchObject({ code: 'SINK_MISCONFIGURED' });
    await expect(make({ path }).open(start)).rejects.toMatchObject({ code: 'SINK_MISCONFIGURED' });
  });
});

describe.each(['none', 'batch', 'interval'])('sync=%s', (sync) => {
  test('writes a batch of many megabytes, byte for byte', async () => {
    const path = join(folder, `big-${sync}.log`);
    const sink = await opened({ path, sync, sync_interval_ms: '10' });
    const lines = numbered(0, 400_000, 10);
    await sink.write(batchOf(lines), never);
    await sleep(30);
    await sink.flush?.();
    await sink.close();
    expect(readFileSync(path, 'utf8') === lines.join('')).toBe(true);
  });
});

test('rotation under load neither splits nor loses a unit', async () => {
  const rotated = join(folder, 'rotated');
  mkdirSync(rotated);
  const path = join(rotated, 'audit.log');
  const sink = await opened({ path, sync: 'none' });
  const pending: Promise<unknown>[] = [];
  let next = 0;
  for (let rotation = 0; rotation < 10; rotation++) {
    for (let batch = 0; batch < 20; batch++) {
      pending.push(sink.write(batchOf(numbered(next, 3000, 9)), never));
      next += 3000;
    }
    await pending[pending.length - 10];
    renameSync(path, `${path}.${rotation}`);
    pending.push(sink.reopen?.() ?? Promise.resolve());
  }
  await Promise.all(pending);
  await sink.close();
  const names = [...Array.from({ length: 10 }, (_, index) => `audit.log.${index}`), 'audit.log'];
  expect(readdirSync(rotated).sort()).toEqual([...names].sort());
  const parts = names.map((name) => readFileSync(join(rotated, name), 'utf8'));
  for (const part of parts.slice(0, 10)) expect(part.endsWith('\n')).toBe(true);
  expect(parts.slice(0, 10).every((part) => part.length > 0)).toBe(true);
  expect(parts.join('') === numbered(0, next, 9).join('')).toBe(true);
});

test('the old file stays in use where the new one cannot be opened', async () => {
  const path = join(folder, 'kept.log');
  const sink = await opened({ path });
  renameSync(path, `${path}.1`);
  mkdirSync(path);
  await expect(sink.reopen?.()).rejects.toMatchObject({ code: 'SINK_MISCONFIGURED' });
  await sink.write(batchOf(['still here\n']), never);
  await sink.close();
  expect(readFileSync(`${path}.1`, 'utf8')).toBe('still here\n');
});

test('a write that is stopped leaves nothing behind and may be repeated', async () => {
  const path = join(folder, 'stopped.log');
  const sink = await opened({ path });
  await sink.write(batchOf(['first\n']), never);
  const lines = numbered(0, 3_000_000, 9);
  const stop = new AbortController();
  const write = sink.write(batchOf(lines), stop.signal);
  await sleep(3);
  stop.abort();
  await expect(write).rejects.toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
  expect(readFileSync(path, 'utf8')).toBe('first\n');
  await expect(sink.write(batchOf(['x\n']), stop.signal)).rejects.toMatchObject({ retryable: true });
  await sink.write(batchOf(['second\n']), never);
  await sink.close();
  await sink.close();
  expect(readFileSync(path, 'utf8')).toBe('first\nsecond\n');
});

test('close is legal without open', async () => {
  const sink = make({ path: join(folder, 'never.log') });
  await sink.close();
  await sink.close();
  expect(existsSync(join(folder, 'never.log'))).toBe(false);
});

test('a device that is always full is a retryable error', async () => {
  const sink = await opened({ path: '/dev/full' });
  await expect(sink.write(batchOf(['x\n']), never)).rejects.toMatchObject({
    code: 'SINK_UNAVAILABLE',
    retryable: true,
    hint: expect.stringContaining('room'),
  });
  await sink.close();
});

const mustRun = process.env['CAMFLOW_TEST_SYSTEM'] === '1';
const disk = join(folder, 'disk');
const mounted = mountSmallDisk();
const mountNote = mounted ? '' : ' (skipped: mounting a small disk takes root)';
afterAll(() => {
  if (mounted) execFileSync('umount', [disk]);
});

function mountSmallDisk(): boolean {
  mkdirSync(disk);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk], { stdio: 'ignore' });
    chmodSync(disk, 0o700);
    return true;
  } catch {
    return mustRun;
  }
}

test.skipIf(!mounted)(
  `a full disk leaves no part of the batch; a retry completes it${mountNote}`,
  async () => {
    const path = join(disk, 'audit.log');
    const ballast = join(disk, 'ballast');
    writeFileSync(ballast, Buffer.alloc(100_000));
    const sink = await opened({ path });
    const first = numbered(0, 10_000, 9);
    await sink.write(batchOf(first), never);
    const second = numbered(10_000, 10_000, 9);
    for (let attempt = 0; attempt < 3; attempt++) {
      await expect(sink.write(batchOf(second), never)).rejects.toMatchObject({
        code: 'SINK_UNAVAILABLE',
        retryable: true,
        cause: { code: 'ENOSPC' },
      });
      expect(readFileSync(path, 'utf8') === first.join('')).toBe(true);
    }
    rmSync(ballast);
    await sink.write(batchOf(second), never);
    await sink.close();
    expect(readFileSync(path, 'utf8') === [...first, ...second].join('')).toBe(true);
  },
);
