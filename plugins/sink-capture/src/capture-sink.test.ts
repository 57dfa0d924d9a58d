import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCamflowError, type UnitBatch, validateOptions } from '@camflow/api';
import { encodeRecordFrame, type RecordEvent, readRecords, readSegment } from '@camflow/segment';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { captureOptions, type SyncRule } from './capture-options.ts';
import sinkCapture from './index.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-capture-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const origin = { abi: 'camflow-0.9', machineId: 9, bootId: 8, epoch: 7 };
const never = new AbortController().signal;

function createSink(path: string, sync: SyncRule = 'none', formatName = 'raw') {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const format = { name: formatName, mediaType: '', framing: 'frames' as const };
  return sinkCapture.create({ path, sync }, { log, section: 'capture', format });
}

function unitsOf(...sequences: number[]): UnitBatch {
  const frames = sequences.map((firstSequence) =>
    encodeRecordFrame({
      abi: 'camflow-0.9',
      stream: { cpu: 0, kind: 'short' },
      firstSequence,
      records: 1,
      span: 1,
      position: firstSequence * 256,
      capturedAtMs: 1,
      securityContexts: [],
      payload: Buffer.alloc(256, firstSequence),
    }),
  );
  let end = 0;
  return {
    bytes: Buffer.concat(frames),
    count: frames.length,
    ends: Uint32Array.from(frames, (frame) => {
      end += frame.length;
      return end;
    }),
    records: Uint32Array.from(frames, () => 1),
  };
}

/** What a reader finds: `header` and `continued`, or the sequence of a frame. */
async function contentOf(path: string): Promise<(string | number)[]> {
  const file = await open(path);
  const say = (event: RecordEvent) => {
    if (event.kind === 'header') return event.header.continued ? 'continued' : 'header';
    return event.kind === 'records' ? event.frame.firstSequence : 'damage';
  };
  try {
    const content: (string | number)[] = [];
    for await (const event of readRecords(file, path)) content.push(say(event));
    return content;
  } finally {
    await file.close();
  }
}

async function failure(promise: Promise<unknown> | undefined): Promise<string> {
  const error = await promise?.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return isCamflowError(error)
    ? `${error.code}${error.retryable ? ' retryable' : ''}: ${error.message}`
    : 'none';
}

describe.each(['none', 'batch', 'interval'] as const)('sync=%s', (sync) => {
  test('a run makes a file that only its owner reads, with a header and every frame', async () => {
    const path = join(folder, 'made/here/run.capture');
    const sink = createSink(path, sync);
    await sink.check?.();
    expect(readdirSync(folder)).toEqual([]);
    await sink.open({ origin });
    await sink.write(unitsOf(0, 1), never);
    await sink.write(unitsOf(), never);
    await sink.write(unitsOf(2), never);
    await sink.flush?.();
    await sink.close();
    await sink.close();
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await contentOf(path)).toEqual(['header', 0, 1, 2]);
  });
});

describe('a path that is taken', () => {
  test('a capture is kept beside the new one, every time', async () => {
    const path = join(folder, 'run.capture');
    for (const run of [1, 2, 3]) {
      const sink = createSink(path);
      await sink.check?.();
      await sink.open({ origin });
      await sink.write(unitsOf(run), never);
      await sink.close();
      utimesSync(path, 1_657_528_888, 1_657_528_888);
    }
    expect(readdirSync(folder).sort()).toEqual([
      'run.capture',
      'run.capture.2022-07-11T08-41-28Z',
      'run.capture.2022-07-11T08-41-28Z.2',
    ]);
    expect(await contentOf(path)).toEqual(['header', 3]);
    expect(await contentOf(`${path}.2022-07-11T08-41-28Z`)).toEqual(['header', 1]);
    expect(await contentOf(`${path}.2022-07-11T08-41-28Z.2`)).toEqual(['header', 2]);
  });

  test.each(['a text file', 'a folder', 'a link'])('%s is neither written nor moved', async (what) => {
    const path = join(folder, 'taken');
    const other = join(folder, 'other');
    writeFileSync(other, 'precious\n');
    if (what === 'a folder') mkdirSync(path);
    else if (what === 'a link') symlinkSync(other, path);
    else writeFileSync(path, 'precious\n');
    const message = `SINK_MISCONFIGURED: ${path} is there and is not a capture file`;
    expect(await failure(createSink(path).check?.())).toBe(message);
    expect(await failure(createSink(path).open({ origin }))).toBe(message);
    expect(readdirSync(folder).sort()).toEqual(['other', 'taken']);
    expect(readFileSync(other, 'utf8')).toBe('precious\n');
  });

  test('a folder that cannot be is refused by the check', async () => {
    writeFileSync(join(folder, 'file'), '');
    const path = join(folder, 'file/run.capture');
    expect(await failure(createSink(path).check?.())).toBe(
      `SINK_UNAVAILABLE: Cannot write the capture file ${path}`,
    );
  });
});

test('another format is refused: only raw frames make a capture', async () => {
  expect(await failure(createSink(join(folder, 'run'), 'none', 'w3c').check?.())).toBe(
    "SINK_MISCONFIGURED: A capture file cannot hold format 'w3c'",
  );
});

describe('reopen', () => {
  test('after the file was moved away, goes on in a new one: each frame is in one of them', async () => {
    const path = join(folder, 'run.capture');
    const sink = createSink(path, 'interval');
    await sink.open({ origin });
    await sink.write(unitsOf(0, 1), never);
    renameSync(path, `${path}.1`);
    await sink.write(unitsOf(2), never);
    await sink.reopen?.();
    await sink.write(unitsOf(3), never);
    await sink.close();
    expect(await contentOf(`${path}.1`)).toEqual(['header', 0, 1, 2]);
    expect(await contentOf(path)).toEqual(['continued', 3]);
  });

  test('where nothing was moved, goes on in the same file', async () => {
    const path = join(folder, 'run.capture');
    const sink = createSink(path);
    await sink.open({ origin });
    await sink.write(unitsOf(0), never);
    await sink.reopen?.();
    await sink.write(unitsOf(1), never);
    await sink.close();
    expect(readdirSync(folder)).toEqual(['run.capture']);
    expect(await contentOf(path)).toEqual(['header', 0, 1]);
  });
});

test('write after an abort is refused, to be tried again', async () => {
  const sink = createSink(join(folder, 'run.capture'));
  await sink.open({ origin });
  expect(await failure(sink.write(unitsOf(0), AbortSignal.abort()))).toMatch(/^SINK_UNAVAILABLE retryable/);
  await sink.close();
  expect(await contentOf(join(folder, 'run.capture'))).toEqual(['header']);
});

const canMount = spawnSync('unshare', ['-rm', 'mount', '-t', 'tmpfs', 'tmpfs', tmpdir()]).status === 0;

test.skipIf(!canMount)(
  `a full disk is a failure that passes; the file keeps whole frames only${canMount ? '' : ' (skipped: needs unshare and mount for a small file system)'}`,
  async () => {
    const program = `
      import sinkCapture from ${JSON.stringify(new URL('../dist/index.js', import.meta.url).href)};
      import { encodeFrame } from ${JSON.stringify(import.meta.resolve('@camflow/segment'))};
      import { randomBytes } from 'node:crypto';
      import { copyFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
      const log = { debug() {}, info() {}, warn() {}, error() {} };
      const format = { name: 'raw', mediaType: '', framing: 'frames' };
      const sink = sinkCapture.create({ path: 'disk/run.capture', sync: 'none' }, { log, section: 'capture', format });
      await sink.open({ origin: { abi: 'camflow-0.9', machineId: 0, bootId: 0, epoch: 0 } });
      writeFileSync('disk/ballast', randomBytes(100_000));
      const bytes = encodeFrame({ type: 7, metadata: {}, payload: randomBytes(50_000) });
      const units = { bytes, count: 1, ends: Uint32Array.of(bytes.length), records: Uint32Array.of(1) };
      const never = new AbortController().signal;
      let written = 0;
      let failed;
      for (; !failed && written < 20; written += failed ? 0 : 1) {
        failed = await sink.write(units, never).then(() => undefined, (error) => error);
      }
      const size = statSync('disk/run.capture').size;
      rmSync('disk/ballast');
      await sink.write(units, never);
      await sink.close();
      copyFileSync('disk/run.capture', 'result.capture');
      console.log(JSON.stringify({ written, code: failed.code, retryable: failed.retryable, size, frame: bytes.length }));
    `;
    mkdirSync(join(folder, 'disk'));
    writeFileSync(join(folder, 'program.mjs'), program);
    const script = 'mount -t tmpfs -o size=256k tmpfs disk && exec "$0" program.mjs';
    const child = spawnSync('unshare', ['-rm', 'sh', '-c', script, process.execPath], {
      cwd: folder,
      encoding: 'utf8',
    });
    expect(child.stderr).toBe('');
    const result = JSON.parse(child.stdout);
    expect(result).toMatchObject({ written: 3, code: 'SINK_UNAVAILABLE', retryable: true });
    const file = await open(join(folder, 'result.capture'));
    const kinds: string[] = [];
    for await (const event of readSegment(file, 'result')) kinds.push(event.kind);
    await file.close();
    expect(kinds).toEqual(['header', 'frame', 'frame', 'frame', 'frame']);
    expect(statSync(join(folder, 'result.capture')).size).toBe(result.size + result.frame);
  },
);

test('options: defaults, and values that are refused', async () => {
  expect(await validateOptions(captureOptions, {})).toEqual({
    value: { path: '/var/log/camflow/camflow.capture', sync: 'interval' },
  });
  expect((await validateOptions(captureOptions, { path: 'here' })).problems).toHaveLength(1);
  expect((await validateOptions(captureOptions, { sync: 'always' })).problems?.[0]?.key).toBe('sync');
});
