import { closeSync, fstatSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCamflowError } from '@camflow/api';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { makeFifo } from './make-fifo.ts';
import { openPath } from './path-descriptor.ts';
import { errnoName } from './system-call-error.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-path-'));
const at = (name: string): string => join(folder, name);
let server: Server;

beforeAll(async () => {
  writeFileSync(at('file'), '');
  // Its owner may not open it: no more than its place is needed.
  writeFileSync(at('locked'), '', { mode: 0 });
  symlinkSync('file', at('link'));
  symlinkSync('loop', at('loop'));
  makeFifo(at('fifo'), 0o600);
  server = createServer().listen(at('socket'));
  await new Promise((resolve) => server.once('listening', resolve));
});
afterAll(() => {
  server.close();
  rmSync(folder, { recursive: true });
});

test.each([...['file', 'locked', 'link', 'fifo', 'socket', '.'].map(at), '/dev/null', '/dev/ptmx'])(
  '%s is found and not opened',
  (path) => {
    const fd = openPath(path);
    try {
      const [found, wanted] = [fstatSync(fd), statSync(path)];
      expect([found.dev, found.ino]).toEqual([wanted.dev, wanted.ino]);
    } finally {
      closeSync(fd);
    }
  },
);

test.each([
  [at('none'), 'ENOENT'],
  [at('file/below'), 'ENOTDIR'],
  [at('loop'), 'ELOOP'],
  ['', 'ENOENT'],
  [at('x'.repeat(300)), 'ENAMETOOLONG'],
])('%s is refused: %s', (path, errno) => {
  let error: unknown;
  try {
    closeSync(openPath(path));
  } catch (thrown) {
    error = thrown;
  }
  expect(isCamflowError(error) && [error.code, error.hint]).toEqual([
    'SYSTEM_CALL_FAILED',
    'Give the path of a file that exists.',
  ]);
  expect(errnoName(error)).toBe(errno);
});
