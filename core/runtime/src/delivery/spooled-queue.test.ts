import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import type { Logger, LossCause } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Spool } from '../spool/spool.ts';
import { spoolPlan } from '../spool/spool-plan.test.support.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { until } from '../until.test.support.ts';
import type { Offer } from './delivery-queue.ts';
import { Ledger } from './ledger.ts';
import { SpooledQueue } from './spooled-queue.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'queue-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const plan = (more?: Partial<SpoolPlan>): SpoolPlan => spoolPlan(folder, more);

/** A parcel of one unit and one record, which holds its name and as many bytes as it says. */
class Parcel implements Offer {
  readonly memoryBytes: number;
  readonly parcel: Offer['parcel'];
  isReleased = false;
  isSettled = false;

  constructor(name: string, sizeBytes: number, sequence: number) {
    this.memoryBytes = sizeBytes;
    const source = {
      numbering: 'n',
      stream: { cpu: 0, kind: 'short' },
      firstSequence: sequence,
      firstUnit: 0,
    } as const;
    const units = {
      source,
      bytes: Buffer.from(name.padEnd(sizeBytes, '.')),
      ends: Uint32Array.of(sizeBytes),
      records: Uint32Array.of(1),
      count: 1,
    };
    const accounts = { last: true, filtered: 0, dropped: {}, records: 1, span: 1 };
    this.parcel = { ...source, ...accounts, capturedAtMs: 1000 + sequence, units };
  }
  release(): void {
    this.isReleased = true;
  }
  moved(): void {}
  settled(): void {
    this.isSettled = true;
  }
}

/** A queue over a spool, with an output that takes what a test wants it to. */
class Output {
  readonly queue: SpooledQueue;
  readonly spool: Spool;
  readonly ledger: Ledger = new Ledger();
  readonly lost: [records: number, cause: LossCause][] = [];
  /** Each with the error that it was about. */
  readonly warnings: [message: string, error: unknown][] = [];
  changes = 0;

  private constructor(spool: Spool, of: SpoolPlan, limitBytes: number) {
    this.spool = spool;
    const told: Logger = {
      ...log,
      warn: (message, context) => {
        this.warnings.push([message, context?.['error']]);
      },
    };
    this.queue = new SpooledQueue({ spool, plan: of, ledger: this.ledger, log: told }, limitBytes, {
      changed: () => {
        this.changes++;
      },
      lost: ({ count, cause }) => this.lost.push([count, cause]),
    });
  }

  static async open(limitBytes: number, of: SpoolPlan = plan()): Promise<Output> {
    return new Output(await Spool.open(of, log), of, limitBytes);
  }

  /** Takes the next parcel: its name; undefined where none is ready. */
  async take(): Promise<string | undefined> {
    const head = await this.queue.head();
    if (head === undefined) return undefined;
    const name = Buffer.from(head.units.bytes).toString().replace(/\.*$/, '');
    await this.queue.done(head, { delivered: head.records, lost: {}, taken: true });
    return name;
  }

  async close(): Promise<void> {
    await this.queue.park();
    await this.spool.close(true);
  }
}

test('what comes while others are written stands behind them, though memory has room again', async () => {
  const kiB = 1024;
  const output = await Output.open(100 * kiB);
  const { queue, spool } = output;
  // From now on a segment is there, and a write is one call.
  queue.offer(new Parcel('warm', 101 * kiB, 0));
  await until(() => spool.records === 1);
  expect(await output.take()).toBe('warm');

  queue.offer(new Parcel('a', 40 * kiB, 1));
  const head = (await queue.head())!;
  queue.offer(new Parcel('b', 80 * kiB, 2));
  await nextTurn();
  await nextTurn();
  // The write ends in the same turn of the event loop in which the next one is offered.
  queue.offer(new Parcel('c', 40 * kiB, 3));
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 100);
  await until(() => spool.records === 2);
  await nextTurn();
  await queue.done(head, { delivered: 1, lost: {}, taken: true });
  expect([await output.take(), await output.take()]).toEqual(['b', 'c']);
  await output.close();
});

test('after one delay a source that can wait does so until the output has caught up, and no longer', async () => {
  const kiB = 1024;
  const output = await Output.open(100 * kiB);
  const { queue, spool } = output;
  queue.patient = () => true;
  for (let i = 0; i < 5; i++) queue.offer(new Parcel(`early ${i}`, 40 * kiB, i));
  expect(queue.roomy).toBe(false);
  // The output takes nothing for a moment: all goes to the disk, and the source is let go on.
  await until(() => spool.records === 5 && queue.roomy);
  queue.offer(new Parcel('late', 40 * kiB, 5));
  await until(() => spool.records === 6);
  expect(await output.take()).toBe('early 0');
  expect(queue.roomy).toBe(false);
  for (let i = 1; i < 5; i++) expect(await output.take()).toBe(`early ${i}`);
  expect(await output.take()).toBe('late');
  expect(queue.roomy).toBe(true);
  // What comes now needs no disk.
  queue.offer(new Parcel('next', 40 * kiB, 6));
  await nextTurn();
  await nextTurn();
  expect(spool.records).toBe(0);
  expect(await output.take()).toBe('next');

  // An output that stops while it reads from the disk is not waited for either.
  for (let i = 0; i < 5; i++) queue.offer(new Parcel(`again ${i}`, 40 * kiB, 7 + i));
  await until(() => spool.records === 5);
  expect(await output.take()).toBe('again 0');
  expect(queue.roomy).toBe(false);
  await until(() => queue.roomy);
  await output.close();
});

/** Mounts a file system of one mebibyte, where that is allowed. @returns whether it could */
function mountSmallDisk(disk: string): boolean {
  mkdirSync(disk, { recursive: true });
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', disk], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

const probe = mkdtempSync(path.join(tmpdir(), 'probe-'));
const canMount = mountSmallDisk(probe);
if (canMount) execFileSync('umount', [probe]);
rmSync(probe, { recursive: true });

describe.skipIf(!canMount)(`a disk that is full${canMount ? '' : ' (skipped: mounting takes root)'}`, () => {
  const ballast = (): string => path.join(folder, 'disk', 'ballast');
  const onDisk = (more: Partial<SpoolPlan> = {}): SpoolPlan =>
    plan({ folder: path.join(folder, 'disk', 'out'), ...more });
  const size = 20_000;

  beforeEach(() => {
    expect(mountSmallDisk(path.join(folder, 'disk'))).toBe(true);
  });
  afterEach(() => execFileSync('umount', ['-l', path.join(folder, 'disk')]));

  /** Fills the disk to its last byte. */
  function fill(): void {
    try {
      writeFileSync(ballast(), Buffer.alloc(2 << 20));
    } catch (error) {
      expect(error).toMatchObject({ code: 'ENOSPC' });
    }
  }

  test.each([
    ['block', {}],
    ['drop_oldest', {}],
    ['drop_newest', {}],
    ['drop_oldest', { mode: 'always' }],
  ] as const)(
    '%s %o: an output that is well is given everything, in order, and loses nothing',
    async (whenFull, more) => {
      const output = await Output.open(4 * size, onDisk({ whenFull, ...more }));
      const { queue } = output;
      fill();
      const offers = Array.from({ length: 30 }, (_, i) => new Parcel(`p${i}`, size, i));
      const taken: string[] = [];
      for (const [i, offer] of offers.entries()) {
        queue.offer(offer);
        await nextTurn();
        // A slow moment: more waits than memory is meant for, and the disk takes none of it.
        if (i < 5) continue;
        if (i === 5) await sleep(50);
        for (let name = await output.take(); name !== undefined; name = await output.take()) taken.push(name);
      }
      await until(() => offers.every(({ isSettled, isReleased }) => isSettled && isReleased));
      for (let name = await output.take(); name !== undefined; name = await output.take()) taken.push(name);
      expect(taken).toEqual(offers.map((_, i) => `p${i}`));
      expect([output.lost, queue.isEmpty, queue.roomy]).toEqual([[], true, true]);
      expect(output.ledger).toMatchObject({ produced: 30, delivered: 30, dropped: {} });
      rmSync(ballast());
      await output.close();
    },
  );

  test('each trouble is told once, whichever comes first, with what the disk says', async () => {
    const output = await Output.open(4 * size, onDisk({ whenFull: 'drop_newest' }));
    const { queue, warnings } = output;
    fill();
    // The last page of the accounts has room for some more of them, and for a part of the next.
    while (warnings.length === 0) await queue.save();
    await queue.save();
    for (let i = 0; i < 30; i++) {
      await until(() => queue.roomy);
      queue.offer(new Parcel(`p${i}`, size, i));
      await nextTurn();
    }
    await until(() => queue.roomy);
    expect(warnings).toEqual([
      ['the state of the spool cannot be saved', expect.stringContaining('ENOSPC')],
      ['the spool cannot be written; what waits for it stays in memory', expect.stringContaining('ENOSPC')],
      ['what can neither be spooled nor kept in memory is dropped', undefined],
    ]);
    rmSync(ballast());
    await output.close();
  });

  test('an output that is gone has what fits into memory, and what follows is counted', async () => {
    const output = await Output.open(4 * size, onDisk({ whenFull: 'drop_newest' }));
    const { queue, spool } = output;
    fill();
    const offers = Array.from({ length: 30 }, (_, i) => new Parcel(`p${i}`, size, i));
    for (const offer of offers) {
      await until(() => queue.roomy);
      queue.offer(offer);
      await nextTurn();
    }
    await until(() => queue.roomy);
    const held = offers.filter(({ isReleased }) => !isReleased).length;
    expect(held).toBeLessThanOrEqual(9);
    expect(output.lost).toEqual(Array.from({ length: 30 - held }, () => [1, 'spool_full']));
    // There is room again: what waited in memory goes to the disk.
    rmSync(ballast());
    await until(() => spool.records === held);
    const taken: (string | undefined)[] = [];
    for (let i = 0; i < held; i++) taken.push(await output.take());
    expect(taken).toEqual(Array.from({ length: held }, (_, i) => `p${i}`));
    await output.close();
    expect(offers.every(({ isSettled }) => isSettled)).toBe(true);
  });

  test.each(['block', 'drop_oldest', 'drop_newest'] as const)(
    '%s: a disk that is full of the spool itself is free again when that was read',
    async (whenFull) => {
      const output = await Output.open(4 * size, onDisk({ whenFull, sync: 'interval' }));
      const { queue, spool } = output;
      const offers: Parcel[] = [];
      let largest = 0;
      while (offers.length < 100) {
        largest = Math.max(largest, spool.sizeBytes);
        for (let tries = 0; !queue.roomy && tries < 50; tries++) await sleep(10);
        if (!queue.roomy) break;
        const offer = new Parcel(`p${offers.length}`, size, offers.length);
        offers.push(offer);
        queue.offer(offer);
        await nextTurn();
      }
      expect(largest).toBeGreaterThan(700_000);
      const taken: string[] = [];
      while (!queue.isEmpty || !offers.every(({ isSettled }) => isSettled)) {
        const name = await output.take();
        if (name === undefined) await sleep(5);
        else taken.push(name);
      }
      const lost = output.lost.reduce((sum, [records]) => sum + records, 0);
      expect(taken.length + lost).toBe(offers.length);
      expect(taken).toEqual(offers.map((_, i) => `p${i}`).filter((name) => taken.includes(name)));
      if (whenFull === 'block') expect(lost).toBe(0);
      expect(queue.roomy).toBe(true);
      // What comes now has a place again.
      queue.offer(new Parcel('after', 5 * size, offers.length));
      await until(() => spool.records === 1);
      await output.close();
      const again = await Output.open(4 * size, onDisk({ whenFull }));
      expect(await again.take()).toBe('after');
      await again.close();
    },
  );

  test('block: nothing more is taken, until there is room', async () => {
    const output = await Output.open(4 * size, onDisk({ whenFull: 'block' }));
    const { queue, spool } = output;
    fill();
    let offered = 0;
    for (; queue.roomy || offered < 5; offered++) {
      queue.offer(new Parcel(`p${offered}`, size, offered));
      await sleep(20);
    }
    expect(offered).toBeLessThanOrEqual(12);
    await sleep(300);
    expect([queue.roomy, output.lost]).toEqual([false, []]);
    rmSync(ballast());
    await until(() => queue.roomy && spool.records === offered);
    await output.close();
  });
});
