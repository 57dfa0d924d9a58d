import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import {
  abiBpf1,
  createRecordTable,
  fieldOf,
  isCamflowError,
  nodeTypeNamed,
  recordTypeAt,
  scanRecords,
} from '@camflow/api';
import { ControlSocket, RateLimit, RecordDiscloser } from '@camflow/kernel';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { connect } from './connect.ts';

const taskShape = abiBpf1.shapes.get('task')!;
const log = { debug() {}, info() {}, warn() {}, error() {} };
const example = fileURLToPath(new URL('../examples/word-count.js', import.meta.url));

let folder: string;
let path: string;
let discloser: RecordDiscloser;
let socket: ControlSocket | undefined;
let asked: number[];

/** The record of a process, as the programs would have it: its number is its id. */
function processRecord({ pid }: { readonly pid: number }): Uint8Array {
  asked.push(pid);
  const record = new Uint8Array(taskShape.size);
  const view = new DataView(record.buffer);
  view.setBigUint64(0, nodeTypeNamed('task')!.code, true);
  view.setBigUint64(8, BigInt(pid), true);
  return record;
}

async function serve(rate?: RateLimit): Promise<void> {
  socket = await ControlSocket.open(
    { state: () => ({ enabled: true }), discloser },
    { path, log, ...(rate ? { rate } : {}) },
  );
}

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-disclose-'));
  path = join(folder, 'control.sock');
  asked = [];
  discloser = new RecordDiscloser({ machineId: 7, bootId: 3, epoch: () => 5, processRecord });
});
afterEach(async () => {
  await socket?.close();
  await socket?.close();
  rmSync(folder, { recursive: true });
});

/** The records that were made, by the scan that recorders use. */
function records(): {
  type: string;
  id: bigint;
  content: string;
  from: bigint;
  to: bigint;
  parent: bigint;
}[] {
  const bytes = new Uint8Array(1 << 20);
  const { byteLength, records: count } = discloser.take(bytes);
  const table = createRecordTable(0);
  scanRecords(abiBpf1, 'mixed', new Int32Array(bytes.buffer), 0, byteLength, table);
  expect(table.count).toBe(count);
  const view = new DataView(bytes.buffer);
  const text = (at: number, size: number) => Buffer.from(bytes.buffer, at, size).toString();
  return Array.from({ length: count }, (_, i) => {
    const type = recordTypeAt(table.types[i]!)!;
    const at = table.offsets[i]!;
    const field = (name: string): number => at + fieldOf(type.shape, name, abiBpf1.shapes).offset;
    const isDisclosed = type.shape === 'disclosed';
    const relation = type.category === 'relation';
    return {
      type: type.name,
      id: view.getBigUint64(at + 8, true),
      content: isDisclosed ? text(field('content'), Number(view.getBigUint64(field('length'), true))) : '',
      from: relation ? view.getBigUint64(field('snd') + 8, true) : 0n,
      to: relation ? view.getBigUint64(field('rcv') + 8, true) : 0n,
      parent: isDisclosed ? view.getBigUint64(field('parent') + 8, true) : 0n,
    };
  });
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  const error = await promise.then(() => 'none').catch((reason: unknown) => reason);
  return isCamflowError(error) ? error.code : String(error);
}

/** Sends lines as they are, and gives what comes back until the other side hangs up or has answered them all. */
function raw(text: string, answers: number): Promise<string[]> {
  return new Promise((done) => {
    const client = createConnection(path, () => client.write(text));
    let got = '';
    const check = (over: boolean): void => {
      const lines = got.split('\n').filter((line) => line !== '');
      if (!over && lines.length < answers) return;
      client.destroy();
      done(lines);
    };
    client.setEncoding('utf8').on('data', (chunk: string) => {
      got += chunk;
      check(false);
    });
    client.on('close', () => check(true)).on('error', () => {});
  });
}

describe('disclosure', () => {
  test('nodes become children of the process that asks, which is published before them', async () => {
    await serve();
    const camflow = await connect({ path });
    const agent = await camflow.agent({ name: 'größe "quoted"' });
    const activity = await camflow.activity({ n: 1.5, ok: true });
    const entity = await camflow.entity({}, { link: false });
    await camflow.used(activity, entity);
    await camflow.generated(entity, camflow.process);
    camflow.close();
    const made = records();
    expect(made.map(({ type }) => type)).toEqual([
      ...['task', 'disc_agent', 'associated_disc', 'disc_activity', 'informed_disc', 'disc_entity'],
      ...['used_disc', 'generated_disc'],
    ]);
    const self = BigInt(process.pid);
    expect(new Set(asked)).toEqual(new Set([process.pid]));
    const [task, disclosedAgent, associated, , informed, disclosedEntity, used, generated] = made;
    expect(task!.id).toBe(self);
    expect(JSON.parse(`{${disclosedAgent!.content}}`)).toEqual({ name: 'größe "quoted"' });
    expect([disclosedAgent!.parent, disclosedEntity!.parent]).toEqual([self, self]);
    expect([associated!.from, associated!.to]).toEqual([disclosedAgent!.id, self]);
    expect([informed!.from, used!.to]).toEqual([self, made[3]!.id]);
    expect([generated!.from, generated!.to]).toEqual([self, disclosedEntity!.id]);
    expect(Buffer.from(agent.identifier, 'base64').readBigUInt64LE(8)).toBe(disclosedAgent!.id);
    expect(new Set(made.map(({ id }) => id)).size).toBe(made.length);
  });

  test('the example tells what it did', async () => {
    await serve();
    const text = join(folder, 'text');
    writeFileSync(text, 'to be or not to be');
    const { stdout } = await promisify(execFile)(process.execPath, [example, text], {
      env: { ...process.env, CAMFLOW_SOCKET: path },
    });
    expect(stdout).toBe('6\n');
    const made = records();
    expect(made.find(({ content }) => content.includes('"words":6'))?.type).toBe('disc_entity');
    expect(asked.every((pid) => pid !== process.pid && pid === asked[0])).toBe(true);
    expect(made.filter(({ type }) => type.endsWith('_disc')).map(({ type }) => type)).toEqual([
      ...['associated_disc', 'informed_disc', 'associated_disc', 'used_disc', 'generated_disc'],
      ...['generated_disc', 'derived_disc'],
    ]);
  });

  test('anybody may connect, and read the state', async () => {
    await serve();
    expect(statSync(path).mode & 0o777).toBe(0o666);
    const camflow = await connect({ path });
    expect(await camflow.state()).toEqual({ enabled: true });
    camflow.close();
  });

  const root = process.getuid?.() === 0;
  test.skipIf(!root)(`who asks is what the kernel says${root ? '' : ' (skipped: not root)'}`, async () => {
    await serve();
    statSync(folder);
    execFileSync('chmod', ['755', folder]);
    const program = `
import os, socket, sys, json
os.setgid(65534); os.setuid(65534)
s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1])
s.sendall(b'{"id":1,"ask":"disclose","class":"entity","attributes":{"pid":1,"uid":0}}\\n')
print(os.getpid(), s.recv(1000).decode())
`;
    const { stdout } = await promisify(execFile)('python3', ['-c', program, path]);
    expect(stdout).toContain('"ok":true');
    expect(asked).toEqual([Number(stdout.split(' ')[0])]);
  });
});

describe('what is refused', () => {
  test.each([
    ['not JSON', 'hello'],
    ['an array', '[]'],
    ['null', 'null'],
    ['no id', '{"ask":"state"}'],
    ['an id that is text', '{"id":"1","ask":"state"}'],
    ['nothing asked', '{"id":1}'],
    ['something else asked', '{"id":1,"ask":"enable","on":true}'],
    ['a class that there is not', '{"id":1,"ask":"disclose","class":"file"}'],
    ['no class', '{"id":1,"ask":"disclose"}'],
    ['a link that is no boolean', '{"id":1,"ask":"disclose","class":"entity","link":1}'],
    ['attributes that are text', '{"id":1,"ask":"disclose","class":"entity","attributes":"a"}'],
    ['attributes that are a list', '{"id":1,"ask":"disclose","class":"entity","attributes":[1]}'],
    ['nested attributes', '{"id":1,"ask":"disclose","class":"entity","attributes":{"a":{"b":1}}}'],
    ['an attribute without a name', '{"id":1,"ask":"disclose","class":"entity","attributes":{"":1}}'],
    ['an attribute that is null', '{"id":1,"ask":"disclose","class":"entity","attributes":{"a":null}}'],
    [
      'attributes that are too long',
      `{"id":1,"ask":"disclose","class":"entity","attributes":{"a":"${'x'.repeat(5000)}"}}`,
    ],
    [
      'a relation that there is not',
      '{"id":1,"ask":"relate","relation":"read","from":"process","to":"process"}',
    ],
    ['no ends', '{"id":1,"ask":"relate","relation":"informed"}'],
    ['ends that are numbers', '{"id":1,"ask":"relate","relation":"informed","from":1,"to":2}'],
    ['an end of somebody else', '{"id":1,"ask":"relate","relation":"informed","from":"AAAA","to":"process"}'],
    ['ends of the wrong class', '{"id":1,"ask":"relate","relation":"used","from":"process","to":"process"}'],
  ])('%s', async (_, line) => {
    await serve();
    const [answer] = await raw(`${line}\n`, 1);
    expect(JSON.parse(answer!)).toMatchObject({ ok: false, code: 'DISCLOSURE_REFUSED' });
    expect(JSON.parse(answer!).message).not.toMatch(/\n|at .*\.js/);
    expect(records().filter(({ type }) => type !== 'task')).toEqual([]);
  });

  test('a line without an end, and nodes of another connection', async () => {
    await serve();
    expect(JSON.parse((await raw('x'.repeat(100_000), 1))[0]!)).toMatchObject({ id: 0, ok: false });
    const [one, other] = [await connect({ path }), await connect({ path })];
    const [mine, theirs] = [await one.entity(), await other.activity()];
    expect(await codeOf(other.used(theirs, mine))).toBe('DISCLOSURE_REFUSED');
    one.close();
    other.close();
  });

  test('more than the rate, for each user on its own', async () => {
    let now = 0;
    await serve(new RateLimit({ burst: 3, perSecond: 10, now: () => now }));
    const camflow = await connect({ path });
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => codeOf(camflow.state())));
    expect(outcomes).toEqual(['none', 'none', 'none', 'DISCLOSURE_REFUSED', 'DISCLOSURE_REFUSED']);
    now = 100;
    expect([await codeOf(camflow.state()), await codeOf(camflow.state())]).toEqual([
      'none',
      'DISCLOSURE_REFUSED',
    ]);
    camflow.close();
  });

  test('more than waits for the recorder, until it reads', async () => {
    await serve(new RateLimit({ burst: 1e6, perSecond: 1e6 }));
    const camflow = await connect({ path });
    let told = 0;
    let outcome = 'none';
    for (; outcome === 'none' && told < 5000; told++)
      outcome = await codeOf(camflow.entity({ a: 'x'.repeat(4000) }));
    expect(outcome).toBe('DISCLOSURE_REFUSED');
    expect(told).toBeGreaterThan(900);
    const memory = new Uint8Array(1 << 20);
    while (discloser.take(memory).records > 0);
    expect(await codeOf(camflow.entity())).toBe('none');
    camflow.close();
  });

  test('where nobody serves, or somebody else does', async () => {
    expect(await codeOf(connect({ path }))).toBe('SOURCE_UNAVAILABLE');
    await serve();
    const second = ControlSocket.open({ state: () => null, discloser }, { path, log });
    expect(await codeOf(second)).toBe('SOURCE_UNAVAILABLE');
    await socket!.close();
    writeFileSync(path, 'no socket');
    expect(await codeOf(ControlSocket.open({ state: () => null, discloser }, { path, log }))).toBe(
      'SYSTEM_CALL_FAILED',
    );
    expect(statSync(path).isFile()).toBe(true);
  });

  test('a recorder that goes away', async () => {
    await serve();
    const camflow = await connect({ path });
    await camflow.state();
    await socket!.close();
    expect(await codeOf(camflow.state())).toBe('SOURCE_FAILED');
  });
});

test('a socket that a dead recorder left is taken over', async () => {
  execFileSync('python3', ['-c', 'import socket,sys; socket.socket(socket.AF_UNIX).bind(sys.argv[1])', path]);
  await serve();
  const camflow = await connect({ path });
  expect(await camflow.state()).toEqual({ enabled: true });
  camflow.close();
});
