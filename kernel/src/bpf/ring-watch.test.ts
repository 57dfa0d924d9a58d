import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { makeFifo } from '../libc/make-fifo.ts';
import { RingWatch } from './ring-watch.ts';

// A ring becomes readable as a pipe does; rings themselves need a kernel to write to them.
const long = 60_000;
let folder: string;
let pipe: number;
let watch: RingWatch;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'camflow-watch-'));
  const fifo = path.join(folder, 'fifo');
  makeFifo(fifo, 0o600);
  pipe = openSync(fifo, constants.O_RDWR | constants.O_NONBLOCK);
  watch = new RingWatch([pipe]);
});

afterEach(() => {
  watch.close();
  closeSync(pipe);
  rmSync(folder, { recursive: true });
});

/** Whether the watch is still asleep after a while. */
async function sleepsOn(asleep: Promise<void>): Promise<boolean> {
  return Promise.race([asleep.then(() => false), sleep(100, true)]);
}

test('sleeps until one of them holds something, and no longer while it does', async () => {
  const asleep = watch.sleep(long);
  expect(await sleepsOn(asleep)).toBe(true);
  writeSync(pipe, 'x');
  await asleep;
  await watch.sleep(long);
  readSync(pipe, new Uint8Array(1));
  const again = watch.sleep(long);
  expect(await sleepsOn(again)).toBe(true);
  watch.wake();
  await again;
});

test('is woken once, also where nobody sleeps yet', async () => {
  watch.wake();
  watch.wake();
  await watch.sleep(long);
  const asleep = watch.sleep(long);
  expect(await sleepsOn(asleep)).toBe(true);
  watch.wake();
  await asleep;
});

test('wakes by itself when the time is over', async () => {
  await watch.sleep(1);
});

test('is closed while somebody sleeps', async () => {
  const asleep = watch.sleep(long);
  watch.close();
  await asleep;
  watch.close();
  watch.wake();
});
