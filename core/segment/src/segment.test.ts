import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { isCamflowError } from '@camflow/api';
import { afterAll, describe, expect, test } from 'vitest';
import { blockMarker, maxPayloadBytes, preambleBytes, readPreamble, writePreamble } from './block.ts';
import { encodeFrame } from './frame.ts';
import { encodeHeader, type SegmentHeader } from './header.ts';
import { encodeRecordFrame } from './record-frame.ts';
import { readRecords } from './record-reader.ts';
import { readSegment, type SegmentEvent } from './segment-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-segment-'));
afterAll(() => rmSync(folder, { recursive: true }));

const header: SegmentHeader = {
  abi: 'camflow-0.9',
  machineId: 1_234_567,
  bootId: 3,
  epoch: 0,
  createdAtMs: 1_657_528_888_000,
  continued: false,
};

async function read(...parts: Uint8Array[]): Promise<SegmentEvent[]> {
  const path = join(folder, 'segment');
  writeFileSync(path, Buffer.concat(parts));
  const file = await open(path);
  try {
    const events: SegmentEvent[] = [];
    for await (const event of readSegment(file, 'the file')) {
      if (event.kind !== 'frame') events.push(event);
      else events.push({ ...event, frame: { ...event.frame, payload: Buffer.from(event.frame.payload) } });
    }
    return events;
  } finally {
    await file.close();
  }
}

async function failureOf(...parts: Uint8Array[]): Promise<{ code: string; message: string; hint?: string }> {
  const error = await read(...parts).catch((reason: unknown) => reason);
  if (!isCamflowError(error)) throw new Error('expected a CamflowError');
  return { code: error.code, message: error.message, ...(error.hint && { hint: error.hint }) };
}

describe('blocks', () => {
  test('a header and frames of any type come back, compressed where that helps', async () => {
    const zeros = { type: 7, metadata: { any: 'thing' }, payload: Buffer.alloc(100_000) };
    const tiny = { type: 255, metadata: {}, payload: Buffer.from('x') };
    const packed = encodeFrame(zeros);
    expect(packed.length).toBeLessThan(1000);
    const head = encodeHeader(header);
    const end = head.length + packed.length;
    const last = encodeFrame(tiny);
    expect(await read(head, packed, last)).toEqual([
      { kind: 'header', offset: 0, header },
      { kind: 'frame', offset: head.length, end, frame: zeros },
      { kind: 'frame', offset: end, end: end + last.length, frame: tiny },
    ]);
  });

  test('the same frame has the same bytes', () => {
    const frame = { type: 1, metadata: { a: 1 }, payload: Buffer.from('abc'.repeat(100)) };
    expect(encodeFrame(frame)).toEqual(encodeFrame(frame));
  });

  test('the largest frame is read, a larger one is refused before it is written', async () => {
    const payload = Buffer.alloc(maxPayloadBytes, 5);
    const [event] = await read(encodeFrame({ type: 1, metadata: {}, payload }));
    expect(event?.kind === 'frame' && Buffer.compare(event.frame.payload, payload)).toBe(0);
    expect(() =>
      encodeFrame({ type: 1, metadata: {}, payload: new Uint8Array(maxPayloadBytes + 1) }),
    ).toThrow(RangeError);
  });

  test('a size out of bounds is damage, whatever the checksums say', async () => {
    const good = Buffer.from(encodeFrame({ type: 1, metadata: {}, payload: Buffer.from('good') }));
    const preamble = readPreamble(good)!;
    for (const wrong of [
      { rawBytes: maxPayloadBytes + 1 },
      { storedBytes: 2 ** 32 - 1 },
      { metadataBytes: 2 ** 31 },
    ]) {
      const forged = Buffer.from(good);
      writePreamble(forged, { ...preamble, compression: 1, ...wrong });
      const events = await read(forged, good);
      expect(events.map((event) => event.kind)).toEqual(['damage', 'frame']);
    }
  });

  test('a payload that does not unpack to its stated size is damage', async () => {
    const good = Buffer.from(encodeFrame({ type: 1, metadata: {}, payload: Buffer.alloc(5000) }));
    const forged = Buffer.from(good);
    writePreamble(forged, { ...readPreamble(good)!, rawBytes: 4999 });
    expect((await read(forged, good)).map((event) => event.kind)).toEqual(['damage', 'frame']);
  });

  test('metadata that is not a JSON object is damage', async () => {
    for (const text of ['{"a":', '17', 'null']) {
      const metadata = Buffer.from(text);
      const forged = Buffer.concat([Buffer.alloc(preambleBytes), metadata]);
      writePreamble(forged, {
        version: 1,
        type: 1,
        compression: 0,
        metadataBytes: metadata.length,
        storedBytes: 0,
        rawBytes: 0,
        metadataChecksum: crc32(metadata),
        payloadChecksum: 0,
      });
      expect((await read(forged, encodeHeader(header))).map((event) => event.kind)).toEqual([
        'damage',
        'header',
      ]);
    }
  });

  test('a block inside the bytes of a damaged frame is not taken for one', async () => {
    const forged = encodeFrame({ type: 1, metadata: { forged: true }, payload: Buffer.from('forged') });
    const noise = createHash('shake256', { outputLength: 4000 }).digest();
    const outer = Buffer.from(
      encodeFrame({
        type: 1,
        metadata: {},
        payload: Buffer.concat([noise.subarray(2000), forged, noise.subarray(0, 2000)]),
      }),
    );
    expect(outer.indexOf(blockMarker, 1)).toBeGreaterThan(0);
    outer[outer.length - 1]! ^= 1;
    const events = await read(outer, encodeHeader(header));
    expect(events.map((event) => event.kind)).toEqual(['damage', 'header']);
  });
});

describe('a file that is no segment', () => {
  test.each([
    ['empty', ''],
    ['text', '{"type":"Activity"}\n'.repeat(20_000)],
    ['markers only', blockMarker.toString('latin1').repeat(3000)],
  ])('%s: one error that says so', async (_, content) => {
    expect(await failureOf(Buffer.from(content, 'latin1'))).toEqual({
      code: 'SOURCE_CORRUPT',
      message: 'the file holds no segment frame that can be read',
    });
  });

  test('one of a later format version: the error says which', async () => {
    const later = Buffer.from(encodeHeader(header));
    writePreamble(later, { ...readPreamble(later)!, version: 9 });
    expect(await failureOf(later)).toEqual({
      code: 'SOURCE_CORRUPT',
      message: 'the file has segment format version 9, not 1',
      hint: 'Read it with the release that wrote it.',
    });
  });
});

describe('records', () => {
  const frame = (firstSequence: number, records: number, span = records) =>
    encodeRecordFrame({
      abi: 'camflow-0.9',
      stream: { cpu: 700, kind: 'long' },
      firstSequence,
      records,
      span,
      position: firstSequence * 4280,
      capturedAtMs: 5,
      securityContexts: [],
      payload: Buffer.alloc(records * 4280),
    });

  async function lossOf(...parts: Uint8Array[]): Promise<(number | undefined)[]> {
    const path = join(folder, 'records');
    writeFileSync(path, Buffer.concat(parts));
    const file = await open(path);
    const losses: (number | undefined)[] = [];
    for await (const event of readRecords(file, path)) {
      if (event.kind === 'records') losses.push(event.lostBefore);
      if (event.kind === 'damage') losses.push(event.lostRecords);
    }
    await file.close();
    return losses;
  }

  const broken = (bytes: Uint8Array, at = 0) => Buffer.from(bytes).fill(0xff, at, at + 1);

  test('a gap without damage is no loss of the file: a policy left records out', async () => {
    expect(await lossOf(encodeHeader(header), frame(0, 2), frame(10, 2))).toEqual([0, 0]);
  });

  test('the first frame of a stream is missed only where sequences start at 0', async () => {
    expect(await lossOf(encodeHeader(header), broken(frame(0, 3)), frame(3, 2))).toEqual([undefined, 3]);
    const continued = encodeHeader({ ...header, continued: true });
    expect(await lossOf(continued, broken(frame(50, 3)), frame(53, 2))).toEqual([undefined, 0]);
  });

  test('records that a policy left out inside a frame are no loss', async () => {
    const parts = [frame(0, 2, 9), broken(frame(9, 1, 6)), frame(15, 1)];
    expect(await lossOf(encodeHeader(header), ...parts)).toEqual([0, undefined, 6]);
    const whole = frame(9, 1, 6);
    expect(
      await lossOf(encodeHeader(header), frame(0, 2, 9), broken(whole, whole.length - 1), frame(15, 1)),
    ).toEqual([0, 1, 0]);
  });
});
