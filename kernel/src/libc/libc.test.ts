import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { makeFifo } from './make-fifo.ts';
import { errnoName } from './system-call-error.ts';
import { connectUnixDatagram } from './unix-datagram-socket.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-libc-'));
afterAll(() => rmSync(folder, { recursive: true }));

function errorOf(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

/** A reader in another process: prints every datagram in hexadecimal, as many as it is told. */
async function reader(path: string, count: number): Promise<{ lines: Promise<string[]> }> {
  const program = `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
for _ in range(int(sys.argv[2])): print(s.recv(1 << 20).hex(), flush=True)
`;
  const child = spawn('python3', ['-c', program, path, String(count)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  while (!text.includes('bound\n')) await once(child.stdout, 'data');
  return {
    lines: once(child, 'close').then(() => text.trim().split('\n').slice(1)),
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

const mustRun = process.env['CAMFLOW_TEST_SYSTEM'] === '1';
const python = mustRun || hasPython();
const note = python ? '' : ' (skipped: no python3 to read with)';

describe('makeFifo', () => {
  test('makes a named pipe of the mode asked for', () => {
    const path = join(folder, 'pipe');
    makeFifo(path, 0o640);
    const made = statSync(path);
    expect(made.isFIFO()).toBe(true);
    expect(made.mode & 0o777).toBe(0o640 & ~process.umask());
  });

  test('names the errno', () => {
    const path = join(folder, 'twice');
    makeFifo(path, 0o600);
    const twice = errorOf(() => makeFifo(path, 0o600));
    expect(twice).toMatchObject({ code: 'SYSTEM_CALL_FAILED', message: expect.stringContaining('EEXIST') });
    expect(errnoName(twice)).toBe('EEXIST');
    expect(errnoName(errorOf(() => makeFifo(join(folder, 'none', 'x'), 0o600)))).toBe('ENOENT');
  });

  test('refuses what C would misread', () => {
    expect(errorOf(() => makeFifo(join(folder, 'a\0b'), 0o600))).toMatchObject({ code: 'INTERNAL' });
    expect(errorOf(() => makeFifo(join(folder, 'c'), 0o1777))).toMatchObject({ code: 'INTERNAL' });
  });
});

describe('connectUnixDatagram', () => {
  test('says why there is no connection', () => {
    expect(errnoName(errorOf(() => connectUnixDatagram({ path: join(folder, 'absent') })))).toBe('ENOENT');
    expect(errorOf(() => connectUnixDatagram({ path: `/${'x'.repeat(107)}` }))).toMatchObject({
      code: 'INTERNAL',
    });
    expect(errorOf(() => connectUnixDatagram({ path: '/x', sendBufferBytes: -1 }))).toMatchObject({
      code: 'INTERNAL',
    });
  });

  test.skipIf(!python)(`carries exact bytes of a view, up to the size of the buffer${note}`, async () => {
    const path = join(folder, 'exact');
    const { lines } = await reader(path, 3);
    const socket = connectUnixDatagram({ path, sendBufferBytes: 16_384 });
    const memory = new Uint8Array(100_000).map((_, index) => index % 251);
    expect(socket.send(memory.subarray(3, 10))).toBe('sent');
    expect(socket.send(memory)).toBe('too_large');
    expect(socket.send(memory.subarray(1000, 11_000))).toBe('sent');
    const shared = new Uint8Array(new SharedArrayBuffer(64));
    shared.set([1, 2, 3], 8);
    expect(socket.send(shared.subarray(8, 11))).toBe('sent');
    expect(await lines).toEqual([
      Buffer.from(memory.subarray(3, 10)).toString('hex'),
      Buffer.from(memory.subarray(1000, 11_000)).toString('hex'),
      '010203',
    ]);
    expect(errnoName(errorOf(() => socket.send(memory.subarray(0, 1))))).toMatch(/^ECONNREFUSED|ENOTCONN$/);
    socket.close();
    socket.close();
    expect(errnoName(errorOf(() => socket.send(memory.subarray(0, 1))))).toBe('EBADF');
  });

  test.skipIf(!python)(`never waits for a reader that does not read${note}`, async () => {
    const path = join(folder, 'slow');
    const child = spawn(
      'python3',
      [
        '-c',
        `
import socket, sys
s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
s.bind(sys.argv[1])
print('bound', flush=True)
sys.stdin.read()
`,
        path,
      ],
      { stdio: ['pipe', 'pipe', 'inherit'] },
    );
    await once(child.stdout, 'data');
    const socket = connectUnixDatagram({ path });
    const datagram = new Uint8Array(1000);
    let sent = 0;
    while (sent < 100_000 && socket.send(datagram) === 'sent') sent++;
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(100_000);
    expect(socket.send(datagram)).toBe('busy');
    socket.close();
    child.stdin.end();
    await once(child, 'close');
  });
});

test('importing the package does not load koffi', () => {
  const index = new URL('../../dist/index.js', import.meta.url).href;
  const program = `
import { createRequire } from 'node:module';
await import(${JSON.stringify(index)});
const loaded = Object.keys(createRequire(import.meta.url).cache).filter((path) => path.includes('koffi'));
process.stdout.write(String(loaded.length));
`;
  expect(execFileSync(process.execPath, ['--input-type=module', '-e', program], { encoding: 'utf8' })).toBe(
    '0',
  );
});
