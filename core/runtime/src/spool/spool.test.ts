import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { StreamId } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { frameSizeBytes, type Parcel, splitParcel } from './parcel.ts';
import { Spool } from './spool.ts';
import { spoolPlan } from './spool-plan.test.support.ts';
import type { SpoolPlan } from './spool-plan.ts';
import type { SpoolPlace } from './spool-state.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'spool-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const log = { debug() {}, info() {}, warn() {}, error() {} };
const stream: StreamId = { cpu: 1, kind: 'short' };

const plan = (more?: Partial<SpoolPlan>): SpoolPlan => spoolPlan(folder, more);

/** A parcel of ten units, each of a text and one record. */
function parcel(index: number, unitBytes = 20): Parcel {
  const texts = Array.from({ length: 10 }, (_, unit) => `${`${index}:${unit}`.padEnd(unitBytes - 1, '.')}\n`);
  return {
    numbering: 'n',
    stream,
    firstSequence: index * 10,
    span: 10,
    firstUnit: 0,
    capturedAtMs: 1,
    records: 10,
    last: true,
    filtered: 0,
    dropped: {},
    units: {
      bytes: Buffer.from(texts.join('')),
      count: 10,
      ends: Uint32Array.from(texts, (_, unit) => (unit + 1) * unitBytes),
      records: new Uint32Array(10).fill(1),
    },
  };
}

async function fill(spool: Spool, from: number, to: number, unitBytes?: number): Promise<void> {
  for (let index = from; index < to; index++) await spool.append([parcel(index, unitBytes)]);
}

/** Reads everything, acknowledging as it goes: the numbers of the parcels, and records lost. */
async function drain(spool: Spool): Promise<{ parcels: number[]; lost: number }> {
  const parcels: number[] = [];
  let lost = 0;
  for (let read = await spool.next(); read !== undefined; read = await spool.next()) {
    lost += read.lost;
    if (read.frame) parcels.push(Number(Buffer.from(read.frame.units.bytes).toString().split(':')[0]));
    await spool.acknowledge(read.after);
  }
  return { parcels, lost };
}

/** Drops the oldest segment: how many records that were, -1 where there is none. */
async function droppedBy(spool: Spool, held?: SpoolPlace): Promise<number> {
  let records = -1;
  await spool.dropOldest(
    () => held,
    (lost) => {
      records = lost.reduce((sum, { count }) => sum + count, 0);
    },
  );
  return records;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
const segments = () =>
  readdirSync(path.join(folder, 'out'))
    .filter((name) => name.endsWith('.segment'))
    .sort()
    .map((name) => path.join(folder, 'out', name));

/** As if the process had been killed: files are as they are, and nobody holds the lock. */
function kill(): void {
  rmSync(path.join(folder, 'out', 'lock'), { force: true });
}

describe('a spool', () => {
  test('gives back units in order, while it is written and after it was closed', async () => {
    const spool = await Spool.open(plan(), log);
    await fill(spool, 0, 5);
    expect(spool.records).toBe(50);
    const first = (await spool.next())!;
    expect(first.frame).toMatchObject({ numbering: 'n', stream, firstSequence: 0, span: 10, records: 10 });
    expect(Buffer.from(first.frame!.units.bytes).toString()).toBe(
      Buffer.from(parcel(0).units.bytes).toString(),
    );
    expect([...first.frame!.units.ends]).toEqual([...parcel(0).units.ends]);
    await spool.acknowledge(first.after);
    await fill(spool, 5, 8);
    await spool.close(true);
    const again = await Spool.open(plan(), log);
    expect([again.records, again.history.uncleanSinceMs]).toEqual([70, undefined]);
    await fill(again, 8, 10);
    expect(await drain(again)).toEqual({ parcels: numbers(1, 10), lost: 0 });
    expect(again.isEmpty).toBe(true);
    await again.close(true);
    expect(segments()).toEqual([]);
  });

  test('keeps its files to its owner', async () => {
    const spool = await Spool.open(plan(), log);
    await fill(spool, 0, 1);
    expect(statSync(path.join(folder, 'out')).mode & 0o777).toBe(0o700);
    for (const name of readdirSync(path.join(folder, 'out')))
      expect(statSync(path.join(folder, 'out', name)).mode & 0o777, name).toBe(0o600);
    await spool.close(true);
  });

  test('belongs to one process at a time; that of a dead one is taken over', async () => {
    const spool = await Spool.open(plan(), log);
    await expect(Spool.open(plan(), log)).rejects.toMatchObject({ code: 'SPOOL_UNAVAILABLE' });
    await spool.close(true);
    writeFileSync(path.join(folder, 'out', 'lock'), JSON.stringify({ pid: process.pid, startedAt: '1' }));
    await (await Spool.open(plan(), log)).close(true);
    expect(readdirSync(path.join(folder, 'out'))).toEqual(['state']);
  });

  test('has its frames cut from a large parcel between units; only the last bears the accounts', () => {
    const whole = parcel(0, 1 << 20);
    const source = { numbering: 'n', stream, firstSequence: 0, firstUnit: 0 };
    const large = { ...whole, filtered: 3, dropped: { malformed: 2 }, units: { ...whole.units, source } };
    const pieces = splitParcel(large, 4 << 20);
    expect(pieces.map(({ units }) => units.count)).toEqual([3, 3, 3, 1]);
    expect(pieces.map(({ firstUnit, records, last }) => [firstUnit, records, last])).toEqual([
      [0, 3, false],
      [3, 3, false],
      [6, 3, false],
      [9, 1, true],
    ]);
    expect(pieces.map(({ units }) => units.source?.firstUnit)).toEqual([0, 3, 6, 9]);
    expect(pieces.map(({ filtered, dropped }) => [filtered, dropped])).toEqual([
      [0, {}],
      [0, {}],
      [0, {}],
      [3, { malformed: 2 }],
    ]);
    const text = pieces.map(({ units }) => Buffer.from(units.bytes).toString()).join('');
    expect(text).toBe(Buffer.from(whole.units.bytes).toString());
    for (const piece of pieces) expect(frameSizeBytes(piece)).toBeLessThanOrEqual(4 << 20);
    // No unit is cut.
    expect(splitParcel(whole, 1000)).toHaveLength(10);
  });

  test('goes on where it was acknowledged after a kill, and repeats what was not on record', async () => {
    const spool = await Spool.open(plan(), log, () => () => ({ note: 7 }));
    await fill(spool, 0, 6);
    for (let i = 0; i < 2; i++) await spool.acknowledge((await spool.next())!.after);
    await spool.save();
    await spool.acknowledge((await spool.next())!.after);
    await fill(spool, 6, 8);
    kill();
    const again = await Spool.open(plan(), log);
    expect(again.history).toMatchObject({ uncleanSinceMs: expect.any(Number), ledger: { note: 7 } });
    expect(again.history.parcels.map(({ firstSequence }) => firstSequence)).toEqual([60, 70]);
    expect(await drain(again)).toEqual({ parcels: numbers(2, 8), lost: 0 });
    await again.close(true);
  });
});

describe('damage', () => {
  /** Three segments of eight parcels each, unread, and a fourth with two. */
  async function prepare(save: boolean): Promise<void> {
    const spool = await Spool.open(plan({ maxSizeBytes: 64 << 10 }), log);
    await fill(spool, 0, 26, 850);
    if (save) await spool.save();
    kill();
    expect(segments()).toHaveLength(4);
  }
  async function recovered(): Promise<{ parcels: number[]; lost: number }> {
    const spool = await Spool.open(plan({ maxSizeBytes: 64 << 10 }), log);
    await fill(spool, 26, 28, 850);
    const result = await drain(spool);
    expect(spool.isEmpty).toBe(true);
    await spool.close(true);
    return result;
  }

  test('a torn tail is cut off: its batch was not committed, and comes again', async () => {
    await prepare(false);
    const last = segments().at(-1)!;
    truncateSync(last, statSync(last).size - 100);
    expect(await recovered()).toEqual({ parcels: [...numbers(0, 25), 26, 27], lost: 0 });
  });

  test('a torn tail that was on record as written is counted', async () => {
    await prepare(true);
    const last = segments().at(-1)!;
    truncateSync(last, statSync(last).size - 100);
    expect(await recovered()).toEqual({ parcels: [...numbers(0, 25), 26, 27], lost: 10 });
  });

  test.each([true, false])(
    'a flipped bit costs one frame, which is counted (state saved: %s)',
    async (save) => {
      await prepare(save);
      const file = segments()[1]!;
      const bytes = readFileSync(file);
      bytes[bytes.length >> 1]! ^= 4;
      writeFileSync(file, bytes);
      const { parcels, lost } = await recovered();
      expect(lost).toBe(10);
      expect(parcels).toHaveLength(27);
      expect(new Set(parcels).size).toBe(27);
    },
  );

  test('a segment that was cut in half, one that was emptied and one that was removed are counted', async () => {
    await prepare(true);
    const [first, second, third] = segments() as [string, string, string];
    truncateSync(first, statSync(first).size >> 1);
    truncateSync(second, 0);
    rmSync(third);
    const { parcels, lost } = await recovered();
    expect(lost + parcels.length * 10).toBe(280);
    expect(parcels.slice(-4)).toEqual([24, 25, 26, 27]);
    expect(parcels.length).toBeGreaterThan(4);
  });

  test('all segments removed: what they held is counted', async () => {
    await prepare(true);
    for (const file of segments()) rmSync(file);
    expect(await recovered()).toEqual({ parcels: [26, 27], lost: 260 });
  });

  test('a state that cannot be read: everything that is there is given again', async () => {
    await prepare(true);
    writeFileSync(path.join(folder, 'out', 'state'), 'nonsense');
    expect(await recovered()).toEqual({ parcels: numbers(0, 28), lost: 0 });
  });
});

describe('a power cut', () => {
  const stateFile = () => path.join(folder, 'out', 'state');

  /** Remembers, from now on, what of the state is on the disk whatever happens. */
  async function watchSyncs(): Promise<{ restore(): void; end(): void }> {
    const probe = await open(path.join(folder, 'probe'), 'w');
    const prototype = Object.getPrototypeOf(probe) as FileHandle;
    await probe.close();
    let synced = readFileSync(stateFile());
    const spy = vi.spyOn(prototype, 'datasync').mockImplementation(async function (this: FileHandle) {
      await this.sync();
      synced = readFileSync(stateFile());
    });
    return { restore: () => writeFileSync(stateFile(), synced), end: () => spy.mockRestore() };
  }

  test('after some segments were read and removed takes nothing: what was not on record is given again', async () => {
    const spool = await Spool.open(plan({ maxSizeBytes: 64 << 10 }), log);
    await fill(spool, 0, 26, 850);
    await spool.save();
    const disk = await watchSyncs();
    const before = segments().length;
    const given: number[] = [];
    while (segments().length > before - 2) {
      const { frame, after } = (await spool.next())!;
      given.push(Number(Buffer.from(frame!.units.bytes).toString().split(':')[0]));
      await spool.acknowledge(after);
    }
    kill();
    disk.restore();
    disk.end();
    const again = await Spool.open(plan({ maxSizeBytes: 64 << 10 }), log);
    const { parcels, lost } = await drain(again);
    expect(lost).toBe(0);
    expect([...new Set([...given, ...parcels])]).toEqual(numbers(0, 26));
    await again.close(true);
  });

  test('as everything was read and the spool is closed takes nothing', async () => {
    const spool = await Spool.open(plan(), log);
    await fill(spool, 0, 5);
    await spool.save();
    const disk = await watchSyncs();
    await drain(spool);
    await spool.close(true);
    disk.restore();
    disk.end();
    const again = await Spool.open(plan(), log);
    expect(await drain(again)).toEqual({ parcels: [], lost: 0 });
    await again.close(true);
  });

  test('or a kill after that is on record and before segments go: they go then, and are not given again', async () => {
    const spool = await Spool.open(plan({ maxSizeBytes: 64 << 10 }), log);
    await fill(spool, 0, 26, 850);
    const kept = segments().map((file) => [file, readFileSync(file)] as const);
    for (let i = 0; i < 18; i++) await spool.acknowledge((await spool.next())!.after);
    expect(segments().length).toBe(kept.length - 2);
    kill();
    for (const [file, bytes] of kept) writeFileSync(file, bytes);
    const again = await Spool.open(plan({ maxSizeBytes: 64 << 10 }), log);
    expect(segments().length).toBe(kept.length - 2);
    const { parcels, lost } = await drain(again);
    expect(lost).toBe(0);
    // The last acknowledgements need not be on record; what is given again was not in what went.
    expect(parcels[0]).toBeGreaterThanOrEqual(14);
    expect(parcels.at(-1)).toBe(25);
    await again.close(true);
  });
});

describe('limits', () => {
  test('what is appended at once goes over as many segments as it takes, and what was read makes room for it', async () => {
    const maxSizeBytes = 256 << 10;
    const spool = await Spool.open(plan({ maxSizeBytes }), log);
    for (let from = 0; from < 60; from += 20) {
      const parcels = Array.from({ length: 20 }, (_, i) => parcel(from + i, 1100));
      expect(spool.hasRoom(parcels.reduce((sum, one) => sum + frameSizeBytes(one), 0))).toBe(true);
      await spool.append(parcels);
      const sizes = segments().map((file) => statSync(file).size);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(64 << 10);
      const onDisk = sizes.reduce((sum, size) => sum + size, 0);
      expect(spool.sizeBytes).toBe(onDisk);
      expect(onDisk).toBeLessThanOrEqual(maxSizeBytes);
      expect(await drain(spool)).toEqual({ parcels: numbers(from, from + 20), lost: 0 });
    }
    expect([spool.refusal(maxSizeBytes + 1), spool.refusal(17 << 20)]).toEqual([
      'spool_full',
      'unit_too_large',
    ]);
    await spool.close(true);
  });

  test('the oldest segment is dropped as a whole, and what is being delivered is not counted', async () => {
    const spool = await Spool.open(plan({ maxSizeBytes: 64 << 10 }), log);
    await fill(spool, 0, 20, 850);
    const current = (await spool.next())!;
    const dropped = await droppedBy(spool, current.after);
    expect(dropped).toBeGreaterThan(0);
    const rest = await drain(spool);
    expect(rest.parcels[0]).toBe(1 + dropped / 10);
    expect(10 + dropped + rest.parcels.length * 10).toBe(200);
    expect(rest.lost).toBe(0);
    expect(await droppedBy(spool)).toBe(-1);
    await spool.close(true);
  });

  test('the only segment, which is being written, can be dropped too', async () => {
    const spool = await Spool.open(plan(), log);
    await fill(spool, 0, 3);
    expect(await droppedBy(spool)).toBe(30);
    await fill(spool, 3, 5);
    expect(await drain(spool)).toEqual({ parcels: [3, 4], lost: 0 });
    await spool.close(true);
    expect(existsSync(path.join(folder, 'out', 'state'))).toBe(true);
  });
});
