import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  abiCamflow09,
  createRecordTable,
  isCamflowError,
  type LogFields,
  type RawOptions,
  type RelayBatch,
  recordTypeAt,
  scanRecords,
  validateOptions,
} from '@camflow/api';
import { encodeHeader, encodeRecordFrame, type RecordFrame, type SegmentHeader } from '@camflow/segment';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import sourceReplay from './index.ts';
import { type ReplayOptions, replayOptions } from './replay-options.ts';

const captures = new URL('../../../../shared/captures/camflow-0.9.0/', import.meta.url);
const haveCaptures = existsSync(captures);
const skipNote = haveCaptures ? '' : ' (skipped: the CamFlow captures are not beside this checkout)';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-replay-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Replayed {
  readonly batches: (RelayBatch & { bytes: Buffer })[];
  readonly warnings: (LogFields & { message: string })[];
  /** All bytes of each stream. */
  readonly streams: Map<string, Buffer>;
}

/** Reads a source to its end through one slab, and holds what every batch must satisfy. */
async function replay(
  options: Partial<ReplayOptions> & { path: string },
  slabBytes = 256 * 535,
): Promise<Replayed> {
  const warnings: Replayed['warnings'] = [];
  const warn = (message: string, fields?: LogFields) => void warnings.push({ message, ...fields });
  const log = { debug() {}, info() {}, warn, error() {} };
  const source = sourceReplay.create({ date: undefined, loop: 1, ...options }, { log, section: 'replay' });
  const slab = { index: 0, bytes: new Uint8Array(new SharedArrayBuffer(slabBytes)) };
  const { signal } = new AbortController();
  const batches: Replayed['batches'] = [];
  const streams = new Map<string, Buffer>();
  try {
    await source.open(signal);
    for (let batch = await source.read(slab, signal); batch; batch = await source.read(slab, signal)) {
      const bytes = Buffer.from(slab.bytes.slice(0, batch.byteLength));
      expect(batch.id).toBeGreaterThan(batches.at(-1)?.id ?? 0);
      expect(bytes.length % (batch.stream.kind === 'long' ? 4280 : 256)).toBe(0);
      batches.push({ ...batch, bytes });
      const stream = `${batch.stream.kind}${batch.stream.cpu}`;
      streams.set(stream, Buffer.concat([streams.get(stream) ?? Buffer.alloc(0), bytes]));
    }
    expect(await source.read(slab, signal)).toBe(null);
  } finally {
    await source.close();
    await source.close();
  }
  return { batches, warnings, streams };
}

const records = (count: number, size: number, fill: number) =>
  Buffer.concat(Array.from({ length: count }, (_, i) => Buffer.alloc(size, fill + i)));

const digest = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

async function accepted(raw: RawOptions): Promise<ReplayOptions> {
  const result = await validateOptions(replayOptions, raw);
  if (result.problems) throw new Error(result.problems[0]?.message);
  return result.value;
}

async function failure(path: string): Promise<string> {
  const error = await replay({ path }).catch((reason: unknown) => reason);
  return isCamflowError(error)
    ? `${error.code}: ${error.message.replaceAll(folder, 'T')}. ${error.hint}`
    : 'none';
}

describe('a folder', () => {
  test('is read long files first, each stream in one sequence, straight through small slabs', async () => {
    writeFileSync(join(folder, 'short.cpu0.bin'), records(50, 256, 1));
    writeFileSync(join(folder, 'provenance300'), records(3, 256, 100));
    writeFileSync(join(folder, 'long.cpu2.bin'), records(7, 4280, 30));
    writeFileSync(join(folder, 'long_provenance10'), records(1, 4280, 60));
    for (const other of ['short.cpu0.bin.bak', 'provenance', 'xprovenance1', 'hist.txt']) {
      writeFileSync(join(folder, other), 'not to be read');
    }
    const { batches, warnings, streams } = await replay({ path: folder }, 3 * 4280);
    expect([...streams.keys()]).toEqual(['long2', 'long10', 'short0', 'short300']);
    expect(streams.get('short0')).toEqual(records(50, 256, 1));
    expect(streams.get('long2')).toEqual(records(7, 4280, 30));
    expect(warnings).toEqual([]);
    const positions = new Map<string, number>();
    for (const { stream, position, firstSequence, byteLength, endOfRound } of batches) {
      const key = `${stream.kind}${stream.cpu}`;
      expect(position).toBe(positions.get(key) ?? 0);
      expect(firstSequence).toBe(position / (stream.kind === 'long' ? 4280 : 256));
      expect(endOfRound).toBe(true);
      positions.set(key, position + byteLength);
    }
  });

  test('gives records the time of their file, or the date that was asked for', async () => {
    writeFileSync(join(folder, 'provenance0'), records(1, 256, 1));
    utimesSync(join(folder, 'provenance0'), 1_657_528_888.5, 1_657_528_888.5);
    expect((await replay({ path: folder })).batches[0]!.capturedAtMs).toBe(1_657_528_888_500);
    const options = await accepted({ path: folder, date: '2022:11:01T12:34:56' });
    expect((await replay(options)).batches[0]!.capturedAtMs).toBe(Date.UTC(2022, 10, 1, 12, 34, 56));
  });

  test('counts a record that is cut off, and says where', async () => {
    writeFileSync(join(folder, 'long.cpu0.bin'), records(2, 4280, 1).subarray(0, 4280 + 100));
    writeFileSync(join(folder, 'short.cpu0.bin'), records(1, 256, 1).subarray(0, 255));
    writeFileSync(join(folder, 'short.cpu1.bin'), '');
    const { batches, warnings } = await replay({ path: folder });
    expect(batches.map(({ stream, byteLength, loss }) => [stream.kind, byteLength, loss])).toEqual([
      ['long', 4280, { truncated: 1 }],
      ['short', 0, { truncated: 1 }],
    ]);
    expect(warnings).toEqual([
      {
        message: 'A relay file ends inside a record',
        path: join(folder, 'long.cpu0.bin'),
        position: 4280,
        bytes: 100,
      },
      {
        message: 'A relay file ends inside a record',
        path: join(folder, 'short.cpu0.bin'),
        position: 0,
        bytes: 255,
      },
    ]);
  });

  test('is repeated by loop, its sequences going on', async () => {
    writeFileSync(join(folder, 'short.cpu0.bin'), records(5, 256, 1));
    const { batches } = await replay({ path: folder, loop: 3 });
    expect(batches.map((batch) => batch.firstSequence)).toEqual([0, 5, 10]);
    writeFileSync(join(folder, 'short.cpu0.bin'), '');
    expect((await replay({ path: folder, loop: 999_999_999 })).batches).toEqual([]);
  });

  test('stops where the run asks for it', async () => {
    writeFileSync(join(folder, 'short.cpu0.bin'), records(5, 256, 1));
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const source = sourceReplay.create(
      { path: folder, date: undefined, loop: 1 },
      { log, section: 'replay' },
    );
    await source.open(new AbortController().signal);
    expect(await source.read({ index: 0, bytes: new Uint8Array(8560) }, AbortSignal.abort())).toBe(null);
    await source.close();
  });
});

describe('a capture file', () => {
  const header: SegmentHeader = {
    abi: 'camflow-0.9',
    machineId: 5,
    bootId: 6,
    epoch: 7,
    createdAtMs: 8,
    continued: false,
  };

  function frameOf(
    kind: 'short' | 'long',
    firstSequence: number,
    bytes: Uint8Array,
    more?: Partial<RecordFrame>,
  ) {
    const size = kind === 'long' ? 4280 : 256;
    return encodeRecordFrame({
      abi: 'camflow-0.9',
      stream: { cpu: 1, kind },
      firstSequence,
      records: bytes.length / size,
      span: bytes.length / size,
      position: firstSequence * size,
      capturedAtMs: 1000,
      securityContexts: [],
      payload: bytes,
      ...more,
    });
  }

  function write(...parts: Uint8Array[]): string {
    const path = join(folder, 'run.capture');
    writeFileSync(path, Buffer.concat(parts));
    return path;
  }

  test('comes back with its times, contexts and sequences; neighbouring frames are joined', async () => {
    const path = write(
      encodeHeader(header),
      frameOf('long', 0, records(2, 4280, 1), { securityContexts: [[1, 'a_t']] }),
      frameOf('short', 0, records(10, 256, 1)),
      frameOf('short', 10, records(10, 256, 11), { securityContexts: [[2, 'b_t']] }),
      frameOf('short', 20, records(10, 256, 21), { capturedAtMs: 2000 }),
      frameOf('short', 40, records(10, 256, 41), { capturedAtMs: 2000 }),
    );
    const { batches, streams, warnings } = await replay({ path });
    const say = (batch: RelayBatch) => [
      batch.stream.kind,
      batch.firstSequence,
      batch.capturedAtMs,
      batch.position,
    ];
    expect(batches.map(say)).toEqual([
      ['long', 0, 1000, 0],
      ['short', 0, 1000, 0],
      ['short', 20, 2000, 20 * 256],
      ['short', 40, 2000, 40 * 256],
    ]);
    expect(batches.map((batch) => batch.securityContexts)).toEqual([[[1, 'a_t']], [[2, 'b_t']], [], []]);
    expect(streams.get('short1')!.length).toBe(40 * 256);
    expect(warnings).toEqual([]);
    const source = sourceReplay.create(
      { path, date: undefined, loop: 1 },
      { log: { debug() {}, info() {}, warn() {}, error() {} }, section: 'replay' },
    );
    expect(await source.open(new AbortController().signal)).toMatchObject({
      abi: 'camflow-0.9',
      machineId: 5,
      bootId: 6,
      epoch: 7,
    });
    await source.close();
  });

  test('goes through slabs smaller than its frames', async () => {
    const bytes = records(200, 256, 1);
    const path = write(encodeHeader(header), frameOf('short', 0, bytes), frameOf('short', 200, bytes));
    const { batches, streams } = await replay({ path }, 4280 * 2);
    expect(streams.get('short1')).toEqual(Buffer.concat([bytes, bytes]));
    for (const batch of batches) expect(batch.position).toBe(batch.firstSequence * 256);
    expect(batches.map((batch) => batch.firstSequence)).toEqual(batches.map((_, i) => i * 33));
  });

  test('says what damage took, with the batch behind it, and what is missing at its end', async () => {
    const frames = [0, 10, 20, 30, 40].map((at) => Buffer.from(frameOf('short', at, records(10, 256, at))));
    frames[1]!.fill(0, 0, 20);
    frames[3]!.fill(0, frames[3]!.length - 8);
    const path = write(
      encodeHeader(header),
      ...frames,
      frameOf('short', 50, records(4, 256, 9)).subarray(0, -1),
    );
    const { batches, warnings } = await replay({ path });
    expect(batches.map((batch) => [batch.firstSequence, batch.byteLength / 256, batch.loss])).toEqual([
      [0, 10, {}],
      [20, 10, { checksum: 10 }],
      [40, 10, { checksum: 10 }],
      [0, 0, { truncated: 4 }],
    ]);
    expect(warnings.map((warning) => [warning.message, warning['lostRecords']])).toEqual([
      ['The capture file is damaged', 'as the frames after it tell, else 1'],
      ['The capture file is damaged', 10],
      ['The capture file ends inside a frame', 4],
    ]);
  });

  test('counts one record for damage that nothing explains', async () => {
    const [first, second] = [0, 10].map((at) => Buffer.from(frameOf('short', at, records(10, 256, at))));
    const cut = await replay({ path: write(encodeHeader(header), first!, second!.subarray(0, 30)) });
    expect(cut.batches.map((batch) => batch.loss)).toEqual([{}, { truncated: 1 }]);
    expect(cut.warnings.map((warning) => warning['lostRecords'])).toEqual(['unknown, counted as 1']);

    const start = Buffer.concat([encodeHeader(header), first!]).fill(0);
    const beheaded = await replay({ path: write(start, second!) });
    expect(beheaded.batches.map((batch) => [batch.firstSequence, batch.loss])).toEqual([
      [10, {}],
      [0, { checksum: 1 }],
    ]);
  });

  test('is repeated by loop, without giving a number twice', async () => {
    const path = write(encodeHeader(header), frameOf('short', 0, records(5, 256, 1)));
    const { batches, streams } = await replay({ path, loop: 3 });
    expect(streams.get('short1')!.length).toBe(3 * 5 * 256);
    expect(batches.map((batch) => batch.firstSequence)).toEqual([0, 5, 10]);
  });

  test('numbers the records of captures one after another throughout', async () => {
    const capture = [encodeHeader(header), frameOf('short', 0, records(5, 256, 1))];
    const more = [frameOf('long', 0, records(2, 4280, 1)), frameOf('short', 7, records(3, 256, 2))];
    const { batches } = await replay({ path: write(...capture, ...more, ...capture, ...more) });
    const numbers = batches.map(({ stream, firstSequence }) => [stream.kind, firstSequence]);
    expect(numbers).toEqual([
      ['short', 0],
      ['long', 0],
      ['short', 7],
      ['short', 10],
      ['long', 2],
      ['short', 17],
    ]);
  });

  test('whose frames are not of whole records is damaged, not fatal', async () => {
    const path = write(
      encodeHeader(header),
      frameOf('short', 0, records(5, 256, 1), { records: 4, span: 4 }),
      frameOf('short', 4, records(1, 256, 1), { abi: 'camflow-99' }),
      frameOf('short', 5, records(1, 256, 1)),
    );
    const { batches } = await replay({ path });
    expect(batches.map((batch) => [batch.firstSequence, batch.loss])).toEqual([[5, { checksum: 5 }]]);
  });

  test('of an interface of a later release is refused', async () => {
    const path = write(encodeHeader({ ...header, abi: 'camflow-99' }));
    expect(await failure(path)).toBe(
      "SOURCE_UNAVAILABLE: T/run.capture holds records of interface 'camflow-99'. This release decodes camflow-0.9, camflow-bpf-1.",
    );
  });
});

describe('a path that cannot be replayed says so', () => {
  const names = 'short.cpuN.bin, long.cpuN.bin, provenanceN or long_provenanceN';
  test.each([
    [
      'nothing',
      `SOURCE_UNAVAILABLE: T/nothing does not exist. Name a capture file, or a folder with ${names}.`,
    ],
    ['empty-folder', `SOURCE_UNAVAILABLE: T/empty-folder holds no relay files. They are named ${names}.`],
    ['other-folder', `SOURCE_UNAVAILABLE: T/other-folder holds no relay files. They are named ${names}.`],
    ['empty', 'SOURCE_CORRUPT: T/empty is not a capture file. It is empty.'],
    [
      'audit.log',
      'SOURCE_CORRUPT: T/audit.log is not a capture file. It looks like JSON: output of a recorder cannot be replayed.',
    ],
    ['x.gz', 'SOURCE_CORRUPT: T/x.gz is not a capture file. It is compressed: unpack it first.'],
    ['x', 'SOURCE_CORRUPT: T/x is not a capture file. Captures are written by output=capture.'],
    [
      'short.cpu0.bin',
      'SOURCE_CORRUPT: T/short.cpu0.bin is not a capture file. It has the name of a relay file: name its folder, T.',
    ],
    [
      '/dev/null',
      `SOURCE_UNAVAILABLE: /dev/null is neither a folder nor a file. Name a capture file, or a folder with ${names}.`,
    ],
  ])('%s', async (name, message) => {
    mkdirSync(join(folder, 'empty-folder'));
    mkdirSync(join(folder, 'other-folder'));
    writeFileSync(join(folder, 'other-folder/hist.txt'), 'x');
    writeFileSync(join(folder, 'empty'), '');
    writeFileSync(join(folder, 'audit.log'), '{"type":"Entity"}\n');
    writeFileSync(join(folder, 'x.gz'), Buffer.from([0x1f, 0x8b, 8]));
    writeFileSync(join(folder, 'x'), 'x');
    writeFileSync(join(folder, 'short.cpu0.bin'), records(1, 256, 1));
    const said = await failure(name.startsWith('/') ? name : join(folder, name));
    expect(said.replaceAll(folder, 'T')).toBe(message);
  });

  test('options that are refused', async () => {
    for (const wrong of [
      { date: 'yesterday' },
      { date: '2022-13-01T00:00:00Z' },
      { loop: '0' },
      { loop: 'x' },
    ]) {
      const result = await validateOptions(replayOptions, { path: '/x', ...wrong });
      expect(result.problems?.map((problem) => problem.key)).toEqual(Object.keys(wrong));
    }
    expect((await validateOptions(replayOptions, {})).problems?.[0]?.key).toBe('path');
    expect(await accepted({ path: '/x' })).toEqual({ path: '/x', date: undefined, loop: 1 });
  });
});

describe.skipIf(!haveCaptures).each(['prop', 'tiny2'])(`the CamFlow capture %s${skipNote}`, (name) => {
  beforeEach(() => {
    const archive = fileURLToPath(new URL(`${name}.dump.tar.xz`, captures));
    expect(spawnSync('tar', ['-xJf', archive, '-C', folder, '--strip-components=1']).status).toBe(0);
  });

  test('gives as many records of each type as its histogram tells', async () => {
    const { batches } = await replay({ path: folder });
    const counts = new Map<string, number>();
    for (const { bytes, stream } of batches) {
      const table = createRecordTable(1);
      const words = new Int32Array(Uint8Array.from(bytes).buffer);
      scanRecords(abiCamflow09, stream.kind, words, 0, bytes.length, table);
      for (const type of table.types.subarray(0, table.count)) {
        const code = `0x${(recordTypeAt(type)?.code ?? 0n).toString(16).padStart(16, '0')}`;
        counts.set(code, (counts.get(code) ?? 0) + 1);
      }
    }
    const expected = new Map<string, number>();
    for (const [, count, code] of readFileSync(join(folder, 'hist.txt'), 'utf8').matchAll(
      /^ *(\d+) (0x\w+) /gm,
    )) {
      expected.set(code!, Number(count));
    }
    expect(expected.size).toBeGreaterThan(20);
    expect(counts).toEqual(expected);
  });

  test('is the same after a turn through a capture file', async () => {
    const first = await replay({ path: folder });
    const parts: Uint8Array[] = [
      encodeHeader({
        ...{ abi: 'camflow-0.9', machineId: 1, bootId: 1, epoch: 0, createdAtMs: 0 },
        continued: false,
      }),
    ];
    for (const { bytes, stream, firstSequence, position, capturedAtMs } of first.batches) {
      const size = stream.kind === 'long' ? 4280 : 256;
      for (let at = 0; at < bytes.length; at += 14 * size) {
        const payload = bytes.subarray(at, at + 14 * size);
        const count = payload.length / size;
        const info = { abi: 'camflow-0.9', stream, capturedAtMs, securityContexts: [] };
        const place = { firstSequence: firstSequence + at / size, position: position + at };
        parts.push(encodeRecordFrame({ ...info, ...place, records: count, span: count, payload }));
      }
    }
    const path = join(folder, 'again.capture');
    writeFileSync(path, Buffer.concat(parts));
    const second = await replay({ path });
    // Deep comparison of large buffers is slow: their digests say as much.
    const say = ({ bytes, ...batch }: Replayed['batches'][number]) => ({ ...batch, bytes: digest(bytes) });
    expect(second.batches.map(say)).toEqual(first.batches.map(say));
    for (const file of readdirSync(folder).filter((entry) => /^(short|long)\.cpu\d+\.bin$/.test(entry))) {
      const [kind, cpu] = file.split('.');
      const stream = second.streams.get(`${kind}${cpu!.slice(3)}`)!;
      expect(digest(stream), file).toBe(digest(readFileSync(join(folder, file))));
    }
  });
});
