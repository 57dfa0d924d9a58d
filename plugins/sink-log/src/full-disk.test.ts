import {
  copyFileSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sink } from '@camflow/api';
import { afterAll, describe, expect, test, vi } from 'vitest';
import { verifyLogs } from './index.ts';
import { batch, contentOf, LogPlace, never, units } from './log-place.test.support.ts';

const pageBytes = 4096;
const place = mountedPlace();
const note = place ? '' : ' (skipped: mounting a small disk takes root)';
afterAll(() => place?.remove());

function mountedPlace(): LogPlace | undefined {
  try {
    return LogPlace.onSmallDisk({ sizeBytes: 1 << 20, inodes: 40 });
  } catch (error) {
    if (process.env['CAMFLOW_TEST_SYSTEM'] === '1') throw error;
    return undefined;
  }
}

describe.skipIf(!place)(`on a disk that is full${note}`, () => {
  const { folder, log } = place ?? { folder: '', log: '' };
  const ballast = path.join(folder, 'ballast');
  const spare = (index: number): string => path.join(folder, `spare${index}`);

  function fillPages(): void {
    for (;;) {
      try {
        writeFileSync(ballast, Buffer.alloc(pageBytes), { flag: 'a' });
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
        return;
      }
    }
  }

  /** @returns how many files found room */
  function fillInodes(): number {
    for (let index = 0; ; index++) {
      try {
        writeFileSync(spare(index), '');
      } catch (error) {
        expect((error as NodeJS.ErrnoException).code).toBe('ENOSPC');
        return index;
      }
    }
  }

  function free(): void {
    for (const name of readdirSync(folder))
      if (/^(ballast|spare)/.test(name)) rmSync(path.join(folder, name));
  }

  const openFiles = (): string[] =>
    readdirSync('/proc/self/fd')
      .map((each) => {
        try {
          return readlinkSync(`/proc/self/fd/${each}`);
        } catch {
          return '';
        }
      })
      .filter((each) => each.startsWith(folder));

  const full = { code: 'SINK_UNAVAILABLE', retryable: true };

  /** Bytes of the last page of a chain that are in use: few leave room for what comes at its end, many do not. */
  const few = (used: number): boolean => used < 3000;
  const many = (used: number): boolean => used > 3970;

  /** Writes until so many bytes of the last page of the chain are in use. @returns units written */
  async function writeUntil(sink: Sink, isRight: (used: number) => boolean, from = 0): Promise<number> {
    for (let done = from; ; done += 50) {
      const used = done > from ? statSync(`${log}.chain`).size % pageBytes : 0;
      if (used > 0 && isRight(used)) return done;
      await sink.write(batch(done, done + 50), never);
    }
  }

  async function expectEverything(count: number, files: number): Promise<void> {
    const { files: found, problems } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    expect(found.map(({ segment }) => segment)).toEqual(Array.from({ length: files }, (_, i) => i + 1));
    expect(found.map(({ path: each }) => contentOf(each)).join('')).toBe(units(0, count).join(''));
    expect(found.reduce((sum, { statement }) => sum + statement!.units, 0)).toBe(count);
  }

  test.each([
    ['the statement of the old one', many],
    ['the chain of the next one', few],
  ])('a rotation goes on when there is room again for %s', async (_, used) => {
    place!.clear();
    const sink = await place!.opened({ chain: 'true', rotate_interval: '1' });
    const before = await writeUntil(sink, used);
    fillPages();
    await sleep(1050);
    const more = batch(before, before + 10);
    for (let attempt = 0; attempt < 4; attempt++)
      await expect(sink.write(more, never)).rejects.toMatchObject({ ...full, cause: { code: 'ENOSPC' } });
    expect(openFiles().length).toBeLessThanOrEqual(2);
    free();
    await sink.write(more, never);
    await sink.close();
    expect(openFiles()).toEqual([]);
    await expectEverything(before + 10, 2);
  });

  test.each(['true', 'false'])(
    'a rotation goes on when there are inodes again, at whatever step they ran out: chain=%s',
    async (chain) => {
      place!.clear();
      const sink = await place!.opened({ chain, rotate_interval: '1' });
      await sink.write(batch(0, 100), never);
      let spares = fillInodes();
      await sleep(1050);
      const more = batch(100, 200);
      let attempts = 0;
      for (; spares > 0; attempts++) {
        const error = await sink.write(more, never).catch((reason: unknown) => reason);
        if (error === undefined) break;
        expect(error).toMatchObject({ ...full, cause: { code: 'ENOSPC' } });
        if (attempts % 3 === 2) rmSync(spare(--spares));
      }
      expect(attempts).toBeGreaterThan(2);
      free();
      await sink.close();
      expect(openFiles()).toEqual([]);
      expect(place!.old().length).toBe(1);
      expect(place!.everything()).toBe(units(0, 200).join(''));
      if (chain === 'true') await expectEverything(200, 2);
    },
  );

  test.each(['moved away', 'emptied'])(
    'where the log was %s, nothing is written before the next chain has begun',
    async (how) => {
      place!.clear();
      const sink = await place!.opened({ chain: 'true' });
      const before = await writeUntil(sink, few);
      if (how === 'emptied') {
        copyFileSync(log, `${log}.1`);
        truncateSync(log);
        fillPages();
      } else {
        renameSync(log, `${log}.1`);
        fillPages();
        await expect(sink.reopen!()).rejects.toMatchObject(full);
      }
      const more = batch(before, before + 10);
      for (let attempt = 0; attempt < 3; attempt++)
        await expect(sink.write(more, never)).rejects.toMatchObject({ ...full, cause: { code: 'ENOSPC' } });
      free();
      await sink.write(more, never);
      await sink.close();
      expect(readFileSync(log, 'utf8')).toBe(units(before, before + 10).join(''));
      await expectEverything(before + 10, 2);
    },
  );

  test('a stop in the middle of a rotation leaves to the next run what it cannot write', async () => {
    place!.clear();
    const sink = await place!.opened({ chain: 'true', rotate_interval: '1' });
    const before = await writeUntil(sink, many);
    fillPages();
    await sleep(1050);
    await expect(sink.write(batch(before, before + 10), never)).rejects.toMatchObject(full);
    await expect(sink.close()).rejects.toMatchObject(full);
    expect(openFiles()).toEqual([]);
    free();
    const next = await place!.opened({ chain: 'true' });
    await next.write(batch(before, before + 10), never);
    await next.close();
    const { files, problems } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    expect(files.map(({ statement }) => statement?.killed)).toEqual([true, false]);
    expect(place!.everything()).toBe(units(0, before + 10).join(''));
  });

  test('a run that cannot close the chain of a killed one leaves it as it was, for the next attempt', async () => {
    place!.clear();
    const killed = await place!.opened({ chain: 'true' });
    const count = await writeUntil(killed, many);
    const chain = readFileSync(`${log}.chain`, 'utf8');
    fillPages();
    await expect(place!.opened({ chain: 'true' })).rejects.toMatchObject({
      ...full,
      cause: { code: 'ENOSPC' },
    });
    expect(readFileSync(`${log}.chain`, 'utf8').startsWith(chain)).toBe(true);
    expect((await verifyLogs(folder)).problems).toEqual([]);
    free();
    const next = await place!.opened({ chain: 'true' });
    await next.close();
    const { files, problems } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    expect(files.map(({ statement }) => statement?.killed)).toEqual([true, false]);
    expect(files[0]!.bytes).toBe(Buffer.byteLength(units(0, count).join('')));
  });

  test('no old file is removed before the note of it is on the disk', async () => {
    place!.clear();
    const earlier = await place!.opened({ chain: 'true' });
    await earlier.write(batch(0, 100), never);
    await earlier.close();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const sink = await place!.opened({ chain: 'true', rotate_keep_seconds: '3600' });
    const [old] = place!.old() as [string];
    const count = await writeUntil(sink, many, 100);
    fillPages();
    utimesSync(old, 0, 0);
    for (let hour = 1; hour < 3; hour++) {
      vi.advanceTimersByTime(3_600_000);
      await vi.waitFor(() => expect(place!.errors.join().split('ENOSPC').length - 1).toBe(hour));
      expect(place!.old()).toEqual([old]);
    }
    free();
    vi.advanceTimersByTime(3_600_000);
    await vi.waitFor(() => expect(place!.old()).toEqual([]));
    expect((await verifyLogs(folder)).problems).toEqual([]);
    await sink.close();
    vi.useRealTimers();
    const { files, problems } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    expect(files.map(({ segment, oldest }) => [segment, oldest])).toEqual([[2, 2]]);
    expect(readFileSync(log, 'utf8')).toBe(units(100, count).join(''));
  });
});
