import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { abiCamflow09, isCamflowError, type RelayBatch } from '@camflow/api';
import { encodeHeader, encodeRecordFrame } from '@camflow/segment';
import sourceReplay from '@camflow/source-replay';
import { acceptedOptions, createRandom, createStory, createTestLogger } from '@camflow/testkit';
import { mutateFile } from './mutate-file.ts';
import type { Failure, Progress } from './progress.ts';

/** What was tried. */
export interface FileFuzzing {
  readonly files: number;
  /** Files that were refused as a whole. */
  readonly refused: number;
  readonly records: number;
  readonly lost: number;
}

/** An intact capture: its streams, and the file that holds them. */
interface Capture {
  readonly file: Buffer;
  /** Bytes by stream, `short 0`. */
  readonly streams: ReadonlyMap<string, Buffer>;
  readonly records: number;
}

const slabBytes = 136_960;
const mostReads = 10_000;

function createCapture(records: number): Capture {
  const story = createStory({ records });
  const parts: Uint8Array[] = [encodeHeader({ ...story.origin, createdAtMs: 1, continued: false })];
  const streams = new Map<string, Buffer>();
  for (const { stream, bytes, records: inChunk } of story.chunks()) {
    const key = `${stream.kind} ${stream.cpu}`;
    const before = streams.get(key) ?? Buffer.alloc(0);
    const place = { firstSequence: (before.length / bytes.length) * inChunk, position: before.length };
    const about = { abi: story.origin.abi, stream, records: inChunk, span: inChunk, capturedAtMs: 1 };
    parts.push(encodeRecordFrame({ ...about, ...place, securityContexts: [], payload: bytes }));
    streams.set(key, Buffer.concat([before, bytes]));
  }
  return { file: Buffer.concat(parts), streams, records };
}

function sizeOf({ stream }: RelayBatch): number {
  const { shortBytes, longBytes } = abiCamflow09.framing;
  return stream.kind === 'long' ? longBytes : shortBytes;
}

/** What came out of a path; `refused` where it could not be opened. */
interface Replayed {
  readonly records: number;
  readonly lost: number;
  readonly refused: boolean;
}

/** Replays a path to its end. `check` says what is wrong with a batch. */
async function replay(
  target: string,
  check: (batch: RelayBatch, bytes: Uint8Array) => string | undefined,
): Promise<Replayed> {
  const options = await acceptedOptions(sourceReplay, { path: target });
  const source = sourceReplay.create(options, { log: createTestLogger(), section: 'replay' });
  const slab = { index: 0, bytes: new Uint8Array(new SharedArrayBuffer(slabBytes)) };
  const { signal } = new AbortController();
  let [records, lost, reads] = [0, 0, 0];
  try {
    await source.open(signal);
    for (let batch = await source.read(slab, signal); batch; batch = await source.read(slab, signal)) {
      if (++reads > mostReads) throw new Error('reading does not end');
      if (batch.byteLength % sizeOf(batch) !== 0)
        throw new Error(`${batch.byteLength} bytes are no whole records`);
      const problem = check(batch, slab.bytes.subarray(0, batch.byteLength));
      if (problem !== undefined) throw new Error(problem);
      records += batch.byteLength / sizeOf(batch);
      for (const count of Object.values(batch.loss)) {
        if (!Number.isSafeInteger(count) || count < 0) throw new Error(`${count} records lost`);
        lost += count;
      }
    }
  } catch (error) {
    if (!isCamflowError(error)) throw error;
    return { records, lost, refused: true };
  } finally {
    await source.close();
  }
  return { records, lost, refused: false };
}

/**
 * Replays mutated capture files, and mutated folders of raw relay files.
 * @param count - how many files; fewer where `progress` says that time is up
 * @throws Failure with the file at fault
 */
export async function fuzzFiles(count: number, seed: number, progress: Progress): Promise<FileFuzzing> {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-fuzz-'));
  const done = { files: 0, refused: 0, records: 0, lost: 0 };
  try {
    const captures = [createCapture(40), createCapture(900)];
    for (; done.files < count && !progress.timeIsUp(); done.files++) {
      progress.step(done.files);
      const random = createRandom(seed + done.files);
      const capture = random.pick(captures);
      const raw = random.chance(0.2);
      const input = mutateFile(raw ? capture.streams.get('short 0')! : capture.file, random);
      const { records, lost, refused } = await (raw
        ? replayRaw(folder, input)
        : replayCapture(folder, input, capture)
      ).catch((error: unknown): never => {
        throw { message: `replay: ${String(error)}`, seed: seed + done.files, input } satisfies Failure;
      });
      done.records += records;
      done.lost += lost;
      if (refused) done.refused++;
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  return done;
}

/** Whatever comes out of a damaged capture file must have been in the intact one, at its place. */
async function replayCapture(folder: string, input: Buffer, capture: Capture): Promise<Replayed> {
  const file = path.join(folder, 'fuzz.capture');
  writeFileSync(file, input);
  const replayed = await replay(file, ({ stream, position }, bytes) => {
    const intact = capture.streams.get(`${stream.kind} ${stream.cpu}`);
    const same = intact?.subarray(position, position + bytes.length).equals(bytes) ?? false;
    return same ? undefined : `records at ${position} of ${stream.kind} ${stream.cpu} were never captured`;
  });
  // A mutation may double a stretch, up to three times; it cannot make up more than that.
  if (replayed.records > capture.records * 8) throw new Error(`${replayed.records} records came out`);
  if (replayed.lost > capture.records * 8) throw new Error(`${replayed.lost} records are counted as lost`);
  if (input === capture.file && (replayed.records !== capture.records || replayed.lost > 0)) {
    throw new Error(
      `an intact file gave ${replayed.records} of ${capture.records} records, ${replayed.lost} lost`,
    );
  }
  return replayed;
}

/** Raw relay files carry no checksums: every byte must come out, except for a partial record at the end. */
async function replayRaw(folder: string, input: Buffer): Promise<Replayed> {
  const raw = path.join(folder, 'raw');
  mkdirSync(raw, { recursive: true });
  writeFileSync(path.join(raw, 'short.cpu0.bin'), input);
  const replayed = await replay(raw, ({ position }, bytes) =>
    input.subarray(position, position + bytes.length).equals(bytes)
      ? undefined
      : `other bytes at ${position}`,
  );
  const whole = Math.floor(input.length / abiCamflow09.framing.shortBytes);
  if (!replayed.refused && replayed.records !== whole)
    throw new Error(`${replayed.records} of ${whole} records`);
  return replayed;
}
