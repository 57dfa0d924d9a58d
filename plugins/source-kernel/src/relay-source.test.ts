import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createConnection } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import {
  fieldOf,
  isCamflowError,
  nodeTypeNamed,
  type RelayBatch,
  relationTypeNamed,
  validateOptions,
} from '@camflow/api';
import { Channel } from '@camflow/kernel';
import { CamflowKernel } from '@camflow/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import sourceKernel from './index.ts';
import { type KernelOptions, kernelOptions } from './kernel-options.ts';
import type { RelaySource } from './relay-source.ts';

let relayDir = '';
let securityfsDir = '';
let source: RelaySource | undefined;
let warnings: string[] = [];

beforeEach(() => {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-kernel-'));
  relayDir = join(folder, 'debug');
  securityfsDir = join(folder, 'provenance');
  mkdirSync(relayDir);
  warnings = [];
});
afterEach(async () => {
  await source?.close();
  await source?.close();
  rmSync(join(relayDir, '..'), { recursive: true });
});

/** Control files as they stand before a recorder attaches. */
function makeControlFiles(version = 'v0.9.0'): void {
  mkdirSync(securityfsDir);
  for (const name of ['epoch', 'flush', 'self']) writeFileSync(join(securityfsDir, name), '');
  writeFileSync(join(securityfsDir, 'version'), version);
  writeFileSync(join(securityfsDir, 'machine_id'), Buffer.from([7, 1, 0, 0]));
  writeFileSync(join(securityfsDir, 'boot_id'), Buffer.from([3, 0, 0, 0]));
  setDropped(1000);
}

function setDropped(count: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(count));
  writeFileSync(join(securityfsDir, 'dropped'), bytes);
}

const control = (name: string) => readFileSync(join(securityfsDir, name));

function createSource(options: Partial<KernelOptions> = {}): RelaySource {
  const warn = (message: string) => void warnings.push(message);
  const log = { debug() {}, info() {}, warn, error() {} };
  const bpf = {
    backend: 'relay',
    record: 'all',
    ringBytes: 1 << 20,
    argumentLimit: 4096,
    attributeValues: true,
    channel: Channel.main,
  } as const;
  const all = { ...bpf, relayDir, securityfsDir, socket: undefined, pollMs: 1, once: false, ...options };
  source = sourceKernel.create(all, { log, section: 'kernel' }) as RelaySource;
  return source;
}

const slab = { index: 0, bytes: new Uint8Array(new SharedArrayBuffer(4280 * 8)) };
const append = (name: string, bytes: Uint8Array) => appendFileSync(join(relayDir, name), bytes);

/** A task node, or a relation, with a security context where nodes have theirs. */
function record(secid: number, isNode = true): Buffer {
  const bytes = Buffer.alloc(256);
  bytes.writeBigUInt64LE((isNode ? nodeTypeNamed('task') : relationTypeNamed('read'))!.code);
  bytes.writeUInt32LE(secid, fieldOf('task', 'secid').offset);
  return bytes;
}

const say = ({ stream, byteLength, endOfRound, loss }: RelayBatch) =>
  endOfRound ? `end ${JSON.stringify(loss)}` : `${stream.kind}${stream.cpu} ${byteLength}`;

/** Reads until the source ends. */
async function readAll(from: RelaySource, signal: AbortSignal): Promise<RelayBatch[]> {
  const batches: RelayBatch[] = [];
  for (let batch = await from.read(slab, signal); batch; batch = await from.read(slab, signal))
    batches.push(batch);
  return batches;
}

async function failure(promise: Promise<unknown>): Promise<string> {
  const error = await promise.catch((reason: unknown) => reason);
  return isCamflowError(error) ? `${error.code}: ${error.message}` : 'none';
}

const never = new AbortController().signal;

describe('attaching', () => {
  test('makes the recorder opaque, starts an epoch, and tells the origin', async () => {
    makeControlFiles();
    append('provenance0', record(0));
    expect(await createSource().open()).toEqual({
      abi: 'camflow-0.9',
      machineId: 0x107,
      bootId: 3,
      epoch: 0,
    });
    expect(control('self').length).toBe(264);
    expect(control('epoch').length).toBe(1);
    expect(control('flush').length).toBe(0);
  });

  test('changes nothing where there are no relay files', async () => {
    makeControlFiles();
    expect(await failure(createSource().open())).toBe(`SOURCE_UNAVAILABLE: ${relayDir} holds no relay files`);
    expect([control('self').length, control('epoch').length]).toEqual([0, 0]);
  });

  test('refuses a kernel whose records it does not know', async () => {
    makeControlFiles('v0.8.0');
    append('provenance0', record(0));
    expect(await failure(createSource().open())).toMatch(
      /^SOURCE_UNAVAILABLE: The kernel has CamFlow v0.8.0/,
    );
  });

  test('needs no control files where a folder is named, and needs them where none is', async () => {
    append('provenance0', record(0));
    await createSource({ once: true }).open();
    expect(warnings).toEqual(['There are no control files']);
    expect((await readAll(source!, never)).map(say)).toEqual(['short0 256', 'end {}']);
    expect(await failure(createSource({ relayDir: undefined }).open())).toBe(
      `SOURCE_UNAVAILABLE: ${securityfsDir} does not exist`,
    );
  });

  test('one round may hold a batch of each CPU, up to 64', () => {
    expect(createSource().capabilities.heldBatches).toBe(1);
    for (let cpu = 0; cpu < 70; cpu++) {
      append(`provenance${cpu}`, record(0));
      if (cpu === 4) expect(createSource().capabilities).toMatchObject({ heldBatches: 5, finite: false });
    }
    expect(createSource({ once: true }).capabilities).toEqual({
      heldBatches: 64,
      finite: true,
      rereadable: false,
      pushDown: [],
    });
  });
});

describe('reading', () => {
  test('gives rounds: short files, long files, and a batch that ends the round', async () => {
    append('provenance0', record(0));
    append('provenance1', record(0));
    append('long_provenance0', Buffer.alloc(4280 * 10));
    await createSource({ once: true }).open();
    const batches = await readAll(source!, never);
    expect(batches.map(say)).toEqual(['short0 256', 'short1 256', 'long0 34240', 'long0 8560', 'end {}']);
    expect(batches.map((batch) => batch.id)).toEqual([1, 2, 3, 4, 5]);
    expect(batches[3]).toMatchObject({ position: 34_240, firstSequence: 8 });
    expect(Math.abs(Date.now() - batches[0]!.capturedAtMs)).toBeLessThan(10_000);
  });

  test('more files than one round may hold take turns', async () => {
    for (let cpu = 0; cpu < 100; cpu++) append(`provenance${cpu}`, record(0));
    await createSource({ once: true }).open();
    const batches = await readAll(source!, never);
    const ends = batches.flatMap((batch, index) => (batch.endOfRound ? [index] : []));
    expect(ends).toEqual([64, 101]);
    expect(new Set(batches.filter((batch) => !batch.endOfRound).map(say)).size).toBe(100);
  });

  test('waits while there is nothing, and wakes up for records', async () => {
    append('provenance0', record(0));
    await createSource().open();
    await source!.read(slab, never);
    await source!.read(slab, never);
    const next = source!.read(slab, never);
    const early = await Promise.race([
      next,
      new Promise((resolve) => setTimeout(resolve, 60, 'still waiting')),
    ]);
    expect(early).toBe('still waiting');
    append('provenance0', Buffer.concat([record(0), record(0)]));
    expect(say((await next)!)).toBe('short0 512');
  });

  test('a record that is cut off at the end is counted', async () => {
    append('provenance0', Buffer.concat([record(0), record(0).subarray(0, 30)]));
    await createSource({ once: true }).open();
    expect((await readAll(source!, never)).map(say)).toEqual(['short0 256', 'end {}', 'end {"truncated":1}']);
  });
});

describe('losses', () => {
  test('are the difference of the drop counter; when they end, a new epoch starts', async () => {
    makeControlFiles();
    append('provenance0', record(0));
    await createSource().open();
    writeFileSync(join(securityfsDir, 'epoch'), '');
    await source!.read(slab, never);
    setDropped(1025);
    expect(say((await source!.read(slab, never))!)).toBe('end {"ring_full":25}');
    expect(control('epoch').length).toBe(0);
    append('provenance0', record(0));
    setDropped(1026);
    await source!.read(slab, never);
    expect(say((await source!.read(slab, never))!)).toBe('end {"ring_full":1}');
    append('provenance0', record(0));
    await source!.read(slab, never);
    expect(say((await source!.read(slab, never))!)).toBe('end {}');
    expect(control('epoch').length).toBe(1);
  });
});

describe('security contexts', () => {
  test('are asked for once, for nodes only, and come with the batch that needs them', async () => {
    makeControlFiles();
    const answer = Buffer.alloc(4120);
    answer.writeUInt32LE(42);
    answer.write('kernel_t', 4);
    answer.writeUInt32LE(9, 4100);
    writeFileSync(join(securityfsDir, 'secctx'), answer);
    append('provenance0', Buffer.concat([record(0), record(7), record(42, false)]));
    append('provenance1', Buffer.concat([record(42), record(42)]));
    append('provenance2', record(42));
    await createSource({ once: true }).open();
    const batches = await readAll(source!, never);
    expect(batches.map((batch) => batch.securityContexts)).toEqual([[], [[42, 'kernel_t']], [], []]);
  });
});

describe('stopping', () => {
  test('flushes once, reads what remains, and ends', async () => {
    makeControlFiles();
    append('provenance0', record(0));
    append('provenance1', Buffer.alloc(0));
    append('long_provenance0', Buffer.alloc(0));
    await createSource({ pollMs: 10_000 }).open();
    expect(say((await source!.read(slab, never))!)).toBe('short0 256');
    // The round has passed this file already: the drain must come back to it.
    append('provenance0', Buffer.alloc(256 * 300));
    append('long_provenance0', Buffer.alloc(4280));
    const rest = await readAll(source!, AbortSignal.abort());
    expect(control('flush').length).toBe(1);
    expect(rest.map(say)).toEqual([
      'long0 4280',
      'end {}',
      'short0 34048',
      'end {}',
      'short0 34048',
      'end {}',
      'short0 8704',
      'end {}',
    ]);
    expect(await source!.read(slab, AbortSignal.abort())).toBe(null);
    expect(control('flush').length).toBe(1);
  });

  test('wakes up from its wait', async () => {
    append('provenance0', Buffer.alloc(0));
    await createSource({ pollMs: 10_000 }).open();
    const stop = new AbortController();
    const read = source!.read(slab, stop.signal);
    setTimeout(() => stop.abort(), 20);
    expect(await read).toBe(null);
  });

  test('with a writer at work loses no whole record', async () => {
    const program = `
      import { openSync, writeSync } from 'node:fs';
      const fd = openSync('provenance0', 'a');
      const bytes = Buffer.alloc(256);
      for (let n = 1; n <= 20_000; n++) { bytes.writeUInt32LE(n, 200); writeSync(fd, bytes); }
    `;
    append('provenance0', Buffer.alloc(0));
    await createSource().open();
    const writer = spawn(process.execPath, ['--input-type=module', '-e', program], {
      cwd: relayDir,
      stdio: 'inherit',
    });
    const stop = new AbortController();
    const exit = once(writer, 'exit').then(() => stop.abort());
    let expected = 1;
    for (;;) {
      const batch = await source!.read(slab, stop.signal);
      if (batch === null) break;
      const view = new DataView(slab.bytes.buffer, 0, batch.byteLength);
      for (let at = 0; at < batch.byteLength; at += 256)
        expect(view.getUint32(at + 200, true)).toBe(expected++);
    }
    await exit;
    expect(expected).toBe(20_001);
  });
});

test('a further channel is refused, which a CamFlow kernel has not', () => {
  expect(() => createSource({ channel: Channel.named('audit') })).toThrow(
    expect.objectContaining({
      code: 'UNSUPPORTED',
      message: expect.stringContaining('There is no channel audit on a CamFlow kernel'),
    }),
  );
});

test('options: defaults, and values that are refused', async () => {
  expect(await validateOptions(kernelOptions, {})).toEqual({
    value: {
      backend: 'auto',
      record: 'policy',
      ringBytes: undefined,
      argumentLimit: 131_072,
      attributeValues: true,
      channel: Channel.main,
      relayDir: undefined,
      securityfsDir: '/sys/kernel/security/provenance',
      socket: '/run/camflow/control.sock',
      pollMs: 50,
      once: false,
    },
  });
  const largest = await validateOptions(kernelOptions, { ring_mib: '1024' });
  expect(largest).toMatchObject({ value: { ringBytes: 2 ** 30 } });
  const wrongBpf = [
    { backend: 'ebpf' },
    { record: 'some' },
    { ring_mib: '3' },
    { ring_mib: '2048' },
    { argument_bytes: '131073' },
  ];
  for (const wrong of [
    ...wrongBpf,
    { relay_dir: 'here' },
    { poll_ms: '0' },
    { socket: 'here' },
    { poll_ms: '50ms' },
    { once: 'yes' },
  ]) {
    const result = await validateOptions(kernelOptions, wrong);
    expect(result.problems?.map((problem) => problem.key)).toEqual(Object.keys(wrong));
  }
});

describe('the socket', () => {
  /** One line to the socket, and the line that it answers. */
  async function ask(path: string, request: object): Promise<Record<string, unknown>> {
    const socket = createConnection(path);
    socket.end(`${JSON.stringify({ id: 1, ...request })}\n`);
    const answer = await text(socket);
    return JSON.parse(answer) as Record<string, unknown>;
  }

  test('shows the state to any user, and takes no disclosures', async () => {
    const kernel = new CamflowKernel();
    mkdirSync(securityfsDir);
    for (const [name, bytes] of kernel.contents) writeFileSync(join(securityfsDir, name), bytes);
    for (const name of kernel.lists.keys()) writeFileSync(join(securityfsDir, name), '');
    for (const name of ['epoch', 'flush', 'self']) writeFileSync(join(securityfsDir, name), '');
    writeFileSync(join(securityfsDir, 'version'), 'v0.9.0');
    append('provenance0', record(0));
    const socket = join(relayDir, 'control.sock');
    await createSource({ socket }).open();
    expect(statSync(socket).mode & 0o777).toBe(0o666);
    const shown = await ask(socket, { ask: 'state' });
    expect(shown).toMatchObject({ ok: true, value: { backend: 'securityfs', rules: [] } });
    const refused = await ask(socket, { ask: 'disclose', class: 'entity', attributes: {} });
    expect(refused).toMatchObject({ ok: false, code: 'UNSUPPORTED' });
    await source!.close();
    expect(existsSync(socket)).toBe(false);
    expect(warnings).toEqual([]);
  });
});
