import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createConnection, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { writeAll } from './write-all.ts';

let folder: string;
let near: Socket;
let far: Socket;
const never = new AbortController().signal;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-write-'));
  const server = createServer({ pauseOnConnect: true }).listen(join(folder, 'socket'));
  await once(server, 'listening');
  near = createConnection(join(folder, 'socket'));
  [far] = (await once(server, 'connection')) as [Socket];
  if (near.connecting) await once(near, 'connect');
  server.close();
});
afterEach(() => {
  near.destroy();
  far.destroy();
  rmSync(folder, { recursive: true });
});

test('resolves when the kernel has every byte, and the bytes may then be changed', async () => {
  const sent = Buffer.alloc(4 << 20, 'abc');
  const expected = Buffer.from(sent);
  const chunks: Buffer[] = [];
  far.on('data', (chunk: Buffer) => chunks.push(chunk)).resume();
  const listeners = near.listenerCount('close') + near.listenerCount('error');
  await writeAll(near, sent, never);
  expect(near.listenerCount('close') + near.listenerCount('error')).toBe(listeners);
  sent.fill(0);
  near.end();
  await once(far, 'end');
  expect(Buffer.concat(chunks).equals(expected)).toBe(true);
});

test('rejects soon when it is told to stop, with the reason, and has closed the socket', async () => {
  const stop = new AbortController();
  const write = writeAll(near, Buffer.alloc(16 << 20), stop.signal);
  const reason = new Error('enough');
  setTimeout(() => stop.abort(reason), 20);
  await expect(write).rejects.toBe(reason);
  expect(near.closed).toBe(true);
});

test('rejects at once where it was told to stop before', async () => {
  const reason = new Error('before');
  await expect(writeAll(near, Buffer.alloc(1), AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(near.bytesWritten).toBe(0);
});

test('rejects when the peer goes in the middle', async () => {
  const write = writeAll(near, Buffer.alloc(16 << 20), never);
  setTimeout(() => far.destroy(), 20);
  await expect(write).rejects.toThrow(/EPIPE|ECONNRESET|closed/);
  expect(near.closed).toBe(true);
});
