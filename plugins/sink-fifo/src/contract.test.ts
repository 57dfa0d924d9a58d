import { constants, mkdtempSync, openSync, readdirSync, rmSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeFifo } from '@camflow/kernel';
import { sinkSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

describe('the contract of outputs', () => {
  sinkSuite({
    test,
    definition,
    factory: () => {
      const folder = mkdtempSync(join(tmpdir(), 'camflow-fifo-'));
      const path = join(folder, 'pipe');
      makeFifo(path, 0o600);
      // Open for writing as well, so that it does not end with one of the writers.
      const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
      const reader = new Socket({ fd, readable: true, writable: false });
      const chunks: Buffer[] = [];
      reader.on('data', (chunk: Buffer) => chunks.push(chunk));
      return {
        options: { path },
        unusable: { path: folder },
        readBack: async () => Buffer.concat(chunks),
        stall: async () => {
          reader.pause();
        },
        resume: async () => {
          reader.resume();
        },
        footprint: async () => readdirSync(folder).join(),
        dispose: async () => {
          reader.destroy();
          rmSync(folder, { recursive: true });
        },
      };
    },
  });
});
