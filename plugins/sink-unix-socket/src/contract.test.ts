import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type SinkSubject, sinkSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

/** Each datagram as a line of hexadecimal. */
const datagramReader = `
import os, socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
os.write(1, b'\\n')
while True: os.write(1, s.recv(1 << 20).hex().encode() + b'\\n')
`;

async function streamSubject(): Promise<SinkSubject> {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-unix-'));
  const address = join(folder, 'socket');
  const sockets: Socket[] = [];
  const chunks: Buffer[] = [];
  let stalled = false;
  const server = createServer((socket) => {
    sockets.push(socket);
    socket.on('data', (chunk: Buffer) => chunks.push(chunk)).on('error', () => {});
    if (stalled) socket.pause();
  }).listen(address);
  await once(server, 'listening');
  return {
    options: { address, type: 'stream' },
    unusable: { address: folder, type: 'stream' },
    readBack: async () => Buffer.concat(chunks),
    stall: async () => {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    resume: async () => {
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    footprint: async () => `${readdirSync(folder).join()} ${sockets.length}`,
    dispose: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      rmSync(folder, { recursive: true });
    },
  };
}

async function datagramSubject(): Promise<SinkSubject> {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-unix-'));
  const address = join(folder, 'socket');
  const reader = spawn('python3', ['-c', datagramReader, address], { stdio: ['ignore', 'pipe', 'inherit'] });
  let text = '';
  reader.stdout.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk;
  });
  await once(reader.stdout, 'data');
  return {
    options: { address, type: 'dgram' },
    unusable: { address: folder, type: 'dgram' },
    readBack: async () => Buffer.from(text.slice(0, text.lastIndexOf('\n')).replaceAll('\n', ''), 'hex'),
    stall: async () => {
      reader.kill('SIGSTOP');
    },
    resume: async () => {
      reader.kill('SIGCONT');
    },
    footprint: async () => readdirSync(folder).join(),
    dispose: async () => {
      reader.kill('SIGKILL');
      await once(reader, 'close');
      rmSync(folder, { recursive: true });
    },
  };
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

describe('the contract of outputs, type=stream', () => {
  sinkSuite({ test, definition, factory: streamSubject });
});

describe.skipIf(!python)(`the contract of outputs, type=dgram${note}`, () => {
  sinkSuite({ test, definition, factory: datagramSubject });
});
