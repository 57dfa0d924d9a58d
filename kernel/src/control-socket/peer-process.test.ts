import { execFile, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { createConnection, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { abiBpf1, nodeTypeNamed } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ControlSocket } from './control-socket.ts';
import { PeerProcess } from './peer-process.ts';
import { RateLimit } from './rate-limit.ts';
import { RecordDiscloser } from './record-discloser.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const taskBytes = abiBpf1.shapes.get('task')!.size;

/** Whether a process may be started with a number of one's choice: by CAP_SYS_ADMIN or CAP_CHECKPOINT_RESTORE. */
const capabilities = BigInt(`0x${/^CapEff:\s*(\w+)/m.exec(readFileSync('/proc/self/status', 'latin1'))![1]}`);
const maySetPid = (capabilities & ((1n << 21n) | (1n << 40n))) !== 0n;

let folder: string;
let path: string;
let asked: number[];
let socket: ControlSocket;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-peer-'));
  path = join(folder, 'control.sock');
  asked = [];
  const discloser = new RecordDiscloser({
    machineId: 7,
    bootId: 3,
    epoch: () => 5,
    processRecord: ({ pid }) => {
      asked.push(pid);
      const record = new Uint8Array(taskBytes);
      new DataView(record.buffer).setBigUint64(0, nodeTypeNamed('task')!.code, true);
      return record;
    },
  });
  const rate = new RateLimit({ burst: 1e6, perSecond: 1e6 });
  socket = await ControlSocket.open({ state: () => ({ enabled: true }), discloser }, { path, log, rate });
});
afterEach(async () => {
  await socket.close();
  rmSync(folder, { recursive: true });
});

/**
 * A process connects, tells of an entity, and hands the socket to a child, which goes on when it is gone; `between` is
 * what the child does first.
 */
function handOver(between: string): string {
  return `
import ctypes, json, os, signal, socket, struct, sys, time
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
answers = connection.makefile()
def ask(**request):
    connection.sendall((json.dumps({'id': 1, **request}) + '\\n').encode())
    print(answers.readline(), end='', flush=True)
    return request
first = os.getpid()
print(first, flush=True)
ask(ask='disclose', **{'class': 'entity'})
if os.fork(): os._exit(0)
while os.path.exists(f'/proc/{first}'): time.sleep(0.01)
${between}
ask(ask='disclose', **{'class': 'entity'})
ask(ask='relate', relation='informed', **{'from': 'process', 'to': 'process'})
ask(ask='state')
`;
}

/** Starts a process that has the number of the one that is gone. */
const takeNumber = `
number = ctypes.c_int(first)
wanted = struct.pack('11Q', 0, 0, 0, 0, signal.SIGCHLD, 0, 0, 0, ctypes.addressof(number), 1, 0)
other = ctypes.CDLL(None).syscall(435, wanted, len(wanted))
if other == 0: signal.pause()
assert other == first, other
import atexit
atexit.register(os.kill, other, signal.SIGKILL)
`;

async function runHandOver(between: string): Promise<{ first: number; answers: Record<string, unknown>[] }> {
  const { stdout } = await promisify(execFile)('python3', ['-c', handOver(between), path]);
  const [first, ...answers] = stdout.trim().split('\n');
  return { first: Number(first), answers: answers.map((line) => JSON.parse(line)) };
}

function expectRefused(first: number, answers: readonly Record<string, unknown>[]): void {
  const refused = {
    ok: false,
    code: 'DISCLOSURE_REFUSED',
    message: expect.stringMatching(`^Process ${first}, which made the connection, is gone`),
  };
  expect(answers).toEqual([
    expect.objectContaining({ ok: true }),
    expect.objectContaining(refused),
    expect.objectContaining(refused),
    // What any user may read, whoever has the socket may read, too.
    expect.objectContaining({ ok: true, value: { enabled: true } }),
  ]);
  expect(asked).toEqual([first]);
}

describe('a socket that outlives the process that connected it', () => {
  test('tells of nothing any more', async () => {
    const { first, answers } = await runHandOver('');
    expectRefused(first, answers);
  });

  const note = maySetPid ? '' : ' (skipped: may not choose the number of a process)';
  test.skipIf(!maySetPid)(`does not tell of the process that got its number${note}`, async () => {
    const { first, answers } = await runHandOver(takeNumber);
    expectRefused(first, answers);
  });

  test('tells of nothing where the process was gone before the socket was accepted', async () => {
    const out = join(folder, 'answer');
    const program = `
import os, socket, sys
connection = socket.socket(socket.AF_UNIX)
connection.connect(sys.argv[1])
if os.fork(): os._exit(0)
connection.sendall(b'{"id":1,"ask":"disclose","class":"entity"}\\n')
answer = connection.makefile().readline()
open(sys.argv[2] + '.part', 'w').write(answer)
os.rename(sys.argv[2] + '.part', sys.argv[2])
`;
    // Nothing is accepted meanwhile: this thread waits for the end of the process.
    const { pid } = spawnSync('python3', ['-c', program, path, out], { stdio: 'ignore' });
    for (let wait = 0; !existsSync(out) && wait < 500; wait++) await sleep(20);
    expect(JSON.parse(readFileSync(out, 'utf8'))).toMatchObject({
      ok: false,
      message: expect.stringMatching(`^Process ${pid}, which made the connection, is gone`),
    });
    expect(asked).toEqual([]);
  });
});

describe('PeerProcess, by number', () => {
  const uid = process.geteuid!();

  test('is what has the number and the rights, while it runs', async () => {
    const child = spawn('sleep', ['60']);
    const { pid } = child as { pid: number };
    const stranger = PeerProcess.byNumber({ pid, uid: uid + 1, gid: 0 });
    const found = PeerProcess.byNumber({ pid, uid, gid: 0 });
    expect(found.look((process) => process.pid)).toBe(pid);
    expect(() => stranger.expectAlive()).toThrow(`Process ${pid}, which made the connection, is gone`);
    child.kill();
    await once(child, 'exit');
    expect(() => found.expectAlive()).toThrow('is gone');
    expect(() => PeerProcess.byNumber({ pid, uid, gid: 0 }).expectAlive()).toThrow('is gone');
    found.close();
    found.close();
  });

  test('gives nothing away that it found while the process went', async () => {
    const child = spawn('sleep', ['60']);
    const found = PeerProcess.byNumber({ pid: child.pid!, uid, gid: 0 });
    const look = (): string =>
      found.look(() => {
        child.kill('SIGKILL');
        // This process cannot ask for its status meanwhile: its number is still there, but it is not.
        for (const end = Date.now() + 10_000; Date.now() < end && isAlive(found); );
        return 'what another has there';
      });
    expect(look).toThrow('is gone');
    found.close();
    await once(child, 'exit');
  });
});

function isAlive(found: PeerProcess): boolean {
  try {
    found.expectAlive();
    return true;
  } catch {
    return false;
  }
}

test('connections leave no descriptors behind', async () => {
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  const expectNoMore = async (than: number): Promise<void> => {
    for (let wait = 0; open() > than && wait < 100; wait++) await sleep(20);
    expect(open()).toBeLessThanOrEqual(than);
  };
  /** Connects clients that all stay until each has its answer. */
  const connectAll = async (count: number): Promise<{ clients: Socket[]; answers: string[] }> => {
    const clients = Array.from({ length: count }, () => createConnection(path).on('error', () => {}));
    const answers = clients.map(async (client, index) => {
      client.write(index % 2 ? '{"id":1,"ask":"disclose","class":"entity"}\n' : 'no request\n');
      return String((await once(client, 'data'))[0]);
    });
    return { clients, answers: await Promise.all(answers) };
  };
  for (let round = 0; round < 5; round++) {
    // More than one user may have: some are turned away.
    const { clients, answers } = await connectAll(40);
    for (const what of ['"ok":true', 'cannot be understood', 'Too many connections'])
      expect(answers.some((answer) => answer.includes(what))).toBe(true);
    expect(open()).toBeGreaterThan(before + 40);
    for (const client of clients) client.destroy();
    await expectNoMore(before);
  }
  // Those that are there when the socket closes are let go as well, and so is the socket.
  await connectAll(10);
  await socket.close();
  await expectNoMore(before - 1);
});
