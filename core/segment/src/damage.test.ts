import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { preambleBytes } from './block.ts';
import { encodeHeader } from './header.ts';
import { encodeRecordFrame, type RecordFrame } from './record-frame.ts';
import { type RecordEvent, readRecords } from './record-reader.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-segment-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A small generator with a seed, so that a failure can be repeated. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Block {
  readonly start: number;
  readonly end: number;
  /** Where the payload starts. */
  readonly payloadAt: number;
  readonly frame?: RecordFrame;
}

/** A capture of three streams, some frames compressible and some not, with the place of every block. */
function buildCapture(random: (below: number) => number): { bytes: Buffer; blocks: Block[] } {
  const parts: Uint8Array[] = [
    encodeHeader({ abi: 'camflow-0.9', machineId: 1, bootId: 2, epoch: 3, createdAtMs: 4, continued: false }),
  ];
  const blocks: Block[] = [{ start: 0, end: parts[0]!.length, payloadAt: parts[0]!.length }];
  const next = [0, 0, 0];
  let at = parts[0]!.length;
  for (let i = 0; i < 25; i++) {
    const cpu = random(3);
    const records = 1 + random(6);
    const payload = Buffer.alloc(records * 256, i);
    if (random(2) === 0) for (let b = 0; b < payload.length; b++) payload[b] = random(256);
    const frame: RecordFrame = {
      abi: 'camflow-0.9',
      stream: { cpu, kind: 'short' },
      firstSequence: next[cpu]!,
      records,
      span: records,
      position: next[cpu]! * 256,
      capturedAtMs: 1_600_000_000_000 + i,
      securityContexts: random(3) === 0 ? [[i, `context ${i}`]] : [],
      payload,
    };
    next[cpu]! += records;
    const bytes = Buffer.from(encodeRecordFrame(frame));
    blocks.push({
      start: at,
      end: at + bytes.length,
      payloadAt: at + preambleBytes + bytes.readUInt32LE(12),
      frame,
    });
    parts.push(bytes);
    at += bytes.length;
  }
  return { bytes: Buffer.concat(parts), blocks };
}

interface Outcome {
  readonly frames: RecordFrame[];
  readonly lost: number;
  readonly torn: boolean;
  readonly regions: { offset: number; byteLength: number }[];
}

async function readAll(bytes: Uint8Array): Promise<Outcome> {
  const path = join(folder, 'damaged');
  writeFileSync(path, bytes);
  const file = await open(path);
  const frames: RecordFrame[] = [];
  const regions: { offset: number; byteLength: number }[] = [];
  let lost = 0;
  let torn = false;
  const take = (event: RecordEvent) => {
    if (event.kind === 'records') {
      frames.push({ ...event.frame, payload: Buffer.from(event.frame.payload) });
      lost += event.lostBefore;
    } else if (event.kind === 'damage') {
      lost += event.lostRecords ?? 0;
      torn ||= event.region.torn;
      regions.push(event.region);
    }
  };
  try {
    for await (const event of readRecords(file, path)) take(event);
  } finally {
    await file.close();
  }
  return { frames, lost, torn, regions };
}

/**
 * The records that damage of [from, to) takes and that can be counted: those of frames whose own metadata is
 * whole, and those followed by a whole frame of their stream, where the sequence before is known.
 */
function countable(blocks: Block[], from: number, to: number): number {
  const hit = (block: Block) => block.start < to && block.end > from;
  const headerHit = hit(blocks[0]!);
  let sum = 0;
  for (const [index, block] of blocks.entries()) {
    if (!block.frame || !hit(block)) continue;
    const { cpu } = block.frame.stream;
    const tells = (other: Block) =>
      other.frame?.stream.cpu === cpu && (!hit(other) || (other.payloadAt <= from && other.end >= from));
    const known = !headerHit || blocks.slice(0, index).some(tells);
    if (tells(block) || (known && blocks.slice(index + 1).some(tells))) sum += block.frame.records;
  }
  return sum;
}

const strip = ({ payload, ...info }: RecordFrame) => ({
  ...info,
  payload: Buffer.from(payload).toString('hex'),
});

describe('damage', () => {
  const random = randomFrom(20_220_711);
  const { bytes, blocks } = buildCapture(random);
  const framesBut = (from: number, to: number) =>
    blocks.flatMap((block) =>
      block.frame && !(block.start < to && block.end > from) ? [strip(block.frame)] : [],
    );

  test('none: every frame comes out as it went in', async () => {
    const { frames, lost, regions } = await readAll(bytes);
    expect(frames.map(strip)).toEqual(framesBut(0, 0));
    expect({ lost, regions }).toEqual({ lost: 0, regions: [] });
  });

  test('a flipped bit anywhere: all other frames come out, and the lost records are counted', async () => {
    let exact = 0;
    for (let at = 0; at < bytes.length; at += 1 + random(40)) {
      const damaged = Buffer.from(bytes);
      damaged[at]! ^= 1 << random(8);
      const { frames, lost, regions } = await readAll(damaged);
      expect(frames.map(strip), `bit of byte ${at}`).toEqual(framesBut(at, at + 1));
      expect(lost, `bit of byte ${at}`).toBe(countable(blocks, at, at + 1));
      const hit = blocks.find((block) => block.start <= at && at < block.end)!;
      expect(regions).toMatchObject([{ offset: hit.start, byteLength: hit.end - hit.start }]);
      if (lost > 0) exact++;
    }
    expect(exact).toBeGreaterThan(300);
  });

  test('a stretch overwritten with other bytes: everything before and after it comes out', async () => {
    for (let round = 0; round < 400; round++) {
      const from = random(bytes.length - 1);
      const to = Math.min(bytes.length, from + 1 + random(6000));
      const damaged = Buffer.from(bytes);
      for (let at = from; at < to; at++) damaged[at]! ^= 1 + random(255);
      const { frames, lost } = await readAll(damaged);
      expect(frames.map(strip), `${from} to ${to}`).toEqual(framesBut(from, to));
      expect(lost, `${from} to ${to}`).toBe(countable(blocks, from, to));
    }
  });

  test('bytes cut out or put in: the frames around come out', async () => {
    for (let round = 0; round < 300; round++) {
      const from = random(bytes.length - 1);
      const to = Math.min(bytes.length, from + random(3000));
      const between = Buffer.alloc(random(300), random(256));
      const { frames } = await readAll(Buffer.concat([bytes.subarray(0, from), between, bytes.subarray(to)]));
      // At a boundary of blocks, bytes can be put in without harm to any.
      const inside = blocks.some((block) => block.start === from) ? to : Math.max(to, from + 1);
      const unharmed = between.length === 0 && from === to ? framesBut(0, 0) : framesBut(from, inside);
      expect(frames.map(strip), `${from} to ${to}`).toEqual(unharmed);
    }
  });

  test('a file cut at any place: everything before comes out, and the tail is told', async () => {
    const headerEnd = blocks[0]!.end;
    for (let end = headerEnd; end < bytes.length; end += 1 + random(40)) {
      const { frames, torn, lost, regions } = await readAll(bytes.subarray(0, end));
      expect(frames.map(strip), `cut at ${end}`).toEqual(framesBut(end, bytes.length));
      const cutBlock = blocks.find((block) => block.start < end && end < block.end);
      expect(torn, `cut at ${end}`).toBe(cutBlock !== undefined);
      // A frame cut inside its payload still says how many records it had.
      expect(lost).toBe(cutBlock && cutBlock.payloadAt <= end ? cutBlock.frame!.records : 0);
      expect(regions).toMatchObject(
        cutBlock ? [{ offset: cutBlock.start, byteLength: end - cutBlock.start }] : [],
      );
    }
  });

  test('a torn file with another one behind it: both come out', async () => {
    for (let round = 0; round < 100; round++) {
      const end = blocks[0]!.end + random(bytes.length - blocks[0]!.end);
      const { frames } = await readAll(Buffer.concat([bytes.subarray(0, end), bytes]));
      expect(frames.map(strip), `cut at ${end}`).toEqual([
        ...framesBut(end, bytes.length),
        ...framesBut(0, 0),
      ]);
    }
  });

  test('two places in one stream: both are counted', async () => {
    const mine = blocks.filter((block) => block.frame?.stream.cpu === 0);
    const damaged = Buffer.from(bytes);
    for (const block of [mine[1]!, mine[3]!]) damaged[block.start]! ^= 1;
    const { lost } = await readAll(damaged);
    expect(lost).toBe(mine[1]!.frame!.records + mine[3]!.frame!.records);
  });
});
