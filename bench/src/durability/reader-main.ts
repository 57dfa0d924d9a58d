// A reader in a process of its own, so that its CPU time is not the recorder's: `reader-main.js KIND PATH STALL_MS`.
import { constants, openSync } from 'node:fs';
import { createServer, Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { makeFifo } from '@camflow/kernel';
import type { ReaderKind } from './reader.ts';

const newline = 0x0a;
const acknowledgement = 0x06;

const readers: Readonly<Record<ReaderKind, (path: string, stallMs: number) => Promise<void>>> = {
  fifo: async (path) => {
    makeFifo(path, 0o600);
    // Open for writing as well, so that it does not end with one of the writers.
    const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    new Socket({ fd, readable: true, writable: false }).resume();
  },
  // docs/unix-acknowledgement.md is the protocol.
  socket: async (path, stallMs) => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      void sleep(stallMs).then(() =>
        socket.on('data', (bytes) => {
          const units = bytes.reduce((count, byte) => count + (byte === newline ? 1 : 0), 0);
          if (units > 0) socket.write(Buffer.alloc(units, acknowledgement));
        }),
      );
    });
    await new Promise<void>((resolve) => server.listen(path, resolve));
  },
};

const [, , kind, path, stallMs] = process.argv as [string, string, ReaderKind, string, string];
await readers[kind](path, Number(stallMs));
process.stdout.write('ready\n');
