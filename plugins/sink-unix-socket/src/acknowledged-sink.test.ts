import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RawOptions, Sink, UnitBatch } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import sinkUnixSocket from './index.ts';
import { unixSocketOptions } from './options.ts';

let folder: string;
let address: string;
let server: Server | undefined;
const sockets: Socket[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-ack-'));
  address = join(folder, 's');
});
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
  server?.close();
  server = undefined;
  rmSync(folder, { recursive: true });
});

const never = new AbortController().signal;
const ack = Buffer.from([6]);

/** Listens and hands every connection, with the lines that it brings, to a function. */
function listen(onLine: (line: string, socket: Socket, lineOfConnection: number) => void): Promise<void> {
  server = createServer((socket) => {
    sockets.push(socket);
    let text = '';
    let count = 0;
    socket.on('error', () => {});
    socket.setEncoding('latin1').on('data', (chunk: string) => {
      const lines = (text + chunk).split('\n');
      text = lines.pop()!;
      for (const line of lines) onLine(line, socket, ++count);
    });
  });
  return new Promise((resolve) => server!.listen(address, resolve));
}

function make(raw: RawOptions = {}): Sink {
  const options = { address, type: 'stream', ack: 'true', ...raw };
  const result = unixSocketOptions.schema['~standard'].validate(options);
  if (result instanceof Promise || result.issues) throw new Error('bad options in a test');
  return sinkUnixSocket.create(result.value, {
    log: { debug() {}, info() {}, warn() {}, error() {} },
    section: 'unix_socket',
    format: { name: 'lines', mediaType: 'text/plain', framing: 'lines' },
  });
}

function batch(from: number, count: number): UnitBatch {
  const units = Array.from({ length: count }, (_, i) => `unit ${from + i}\n`);
  let end = 0;
  return {
    source: { numbering: 'n', stream: { cpu: 2, kind: 'short' }, firstSequence: 500, firstUnit: from },
    bytes: Buffer.from(units.join('')),
    count,
    ends: Uint32Array.from(units, (unit) => {
      end += unit.length;
      return end;
    }),
    records: new Uint32Array(count).fill(1),
  };
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `unit ${from + i}`);

describe('a reader that acknowledges', () => {
  test('has everything when a write settles, and not before', async () => {
    const got: string[] = [];
    let held = true;
    let last: Socket | undefined;
    await listen((line, socket) => {
      got.push(line);
      if (line === 'unit 99' && held) last = socket;
      else socket.write(ack);
    });
    const sink = make();
    let settled = false;
    const written = sink.write(batch(0, 100), never).then(() => {
      settled = true;
    });
    while (last === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(settled).toBe(false);
    held = false;
    last.write(ack);
    await written;
    await sink.write(batch(100, 50), never);
    expect(got).toEqual(numbers(0, 150));
    await sink.close();
  });

  test('that dies is given again what it had not acknowledged, and nothing else', async () => {
    const got: string[] = [];
    await listen((line, socket, nth) => {
      got.push(line);
      if (nth === 40) socket.destroy();
      else if (nth < 30) socket.write(ack);
    });
    const sink = make();
    const units = batch(0, 100);
    const failed = await sink.write(units, never).catch((error: unknown) => error);
    expect(failed).toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
    const seen = got.length;
    server!.removeAllListeners('connection');
    server!.on('connection', (socket) => {
      sockets.push(socket);
      socket.setEncoding('latin1').on('data', (chunk: string) => {
        for (const line of chunk.split('\n').slice(0, -1)) {
          got.push(line);
          socket.write(ack);
        }
      });
    });
    await sink.write(units, never);
    const again = got.slice(seen);
    const first = Number(again[0]!.slice(5));
    expect(first).toBeGreaterThan(0);
    expect(first).toBeLessThanOrEqual(29);
    expect(again).toEqual(numbers(first, 100));
    await sink.close();
  });

  test('that says anything else, or too much, loses the connection', async () => {
    for (const answer of [Buffer.from('ok'), Buffer.alloc(11, 6)]) {
      await listen((_, socket) => socket.write(answer));
      const sink = make();
      const failed = await sink.write(batch(0, 10), never).catch((error: unknown) => error);
      expect(failed).toMatchObject({ code: 'SINK_UNAVAILABLE', retryable: true });
      await sink.close();
      for (const socket of sockets.splice(0)) socket.destroy();
      await new Promise((resolve) => server!.close(resolve));
    }
  });

  test('that stalls is left at a stop', async () => {
    await listen(() => {});
    const sink = make();
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    await expect(sink.write(batch(0, 10), stop.signal)).rejects.toMatchObject({ retryable: true });
    await sink.close();
  });

  test('can be given the identifier of each unit', async () => {
    const got: string[] = [];
    await listen((line, socket) => {
      got.push(line);
      socket.write(ack);
    });
    const sink = make({ unit_ids: 'true' });
    await sink.write(batch(7, 2), never);
    expect(got).toEqual(['n/short2/500/7\tunit 7', 'n/short2/500/8\tunit 8']);
    await sink.close();
  });
});

test('acknowledgements need a stream, and identifiers need acknowledgements', async () => {
  for (const raw of [{ ack: 'true' }, { unit_ids: 'true', type: 'stream' }]) {
    const result = await unixSocketOptions.schema['~standard'].validate(raw);
    expect(result.issues).toHaveLength(1);
  }
});
