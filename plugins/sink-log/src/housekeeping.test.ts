import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { verifyLogs } from './index.ts';
import { batch, contentOf, LogPlace, never, unit, units } from './log-place.test.support.ts';

let place: LogPlace;
let log: string;
beforeEach(() => {
  place = LogPlace.create();
  ({ log } = place);
});
afterEach(() => {
  vi.useRealTimers();
  place.remove();
});

const hoursAgo = (hours: number): Date => new Date(Date.now() - hours * 3_600_000);
const nameOf = (date: Date): string => `${log}.${date.toISOString().replaceAll(':', '-')}`;

/** An old file as a run left it some hours ago. */
function leave(hours: number, content: string): string {
  const file = nameOf(hoursAgo(hours));
  writeFileSync(file, content);
  utimesSync(file, hoursAgo(hours), hoursAgo(hours));
  return file;
}

test('what an earlier run left is compressed at the start, and keeps its age', async () => {
  const older = leave(5, unit(1));
  const newer = leave(4, unit(2));
  const sink = await place.opened({ rotate_compress: 'true' });
  await vi.waitFor(() => expect(place.old()).toEqual([`${older}.gz`, `${newer}.gz`]));
  await sink.close();
  expect(place.old().map(contentOf)).toEqual(units(1, 3));
  expect(statSync(`${older}.gz`).mtimeMs).toBeCloseTo(hoursAgo(5).getTime(), -5);
  expect(statSync(`${older}.gz`).mode & 0o777).toBe(0o640);
});

test('what is too old is removed at the start', async () => {
  leave(5, unit(1));
  const newer = leave(3, unit(2));
  const sink = await place.opened({ rotate_keep_seconds: String(4 * 3600) });
  await vi.waitFor(() => expect(place.old()).toEqual([newer]));
  await sink.close();
});

test('every hour old files are looked after, also where nothing is written', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
  const sink = await place.opened({ rotate_compress: 'true', rotate_keep_seconds: String(4 * 3600) });
  await sleep(50);
  leave(5, unit(1));
  const newer = leave(3, unit(2));
  vi.advanceTimersByTime(3_600_000);
  await vi.waitFor(() => expect(place.old()).toEqual([`${newer}.gz`]));
  await sink.close();
  expect(vi.getTimerCount()).toBe(0);
});

test('a kill in the middle of compressing leaves nothing for ever, and counts no file twice', async () => {
  const files = [5, 4, 3].map((hours) => leave(hours, unit(hours)));
  // Killed before the new name, and before the old one was removed.
  writeFileSync(`${files[1]}.gz.part`, gzipSync(unit(4)).subarray(0, 12));
  writeFileSync(`${files[2]}.gz`, gzipSync(unit(3)));
  const others = ['other.gz.part', 'audit.log.1.gz.part', 'audit.log.bak'];
  for (const other of others) writeFileSync(`${place.folder}/${other}`, '');
  const counting = await place.opened({ rotate_keep: '3' });
  await counting.close();
  expect(files.filter((each) => existsSync(each))).toEqual(files);
  expect(existsSync(`${files[1]}.gz.part`)).toBe(false);
  const sink = await place.opened({ rotate_compress: 'true', rotate_keep: '2' });
  await vi.waitFor(() => expect(place.old()).toEqual([`${files[1]}.gz`, `${files[2]}.gz`]));
  await sink.close();
  expect(place.old().map(contentOf)).toEqual([unit(4), unit(3)]);
  expect(readdirSync(place.folder)).toEqual(expect.arrayContaining(others));
});

test('the log of the run before is looked after as well where a chain gives every run its own', async () => {
  for (let run = 0; run < 3; run++) {
    const sink = await place.opened({ chain: 'true', rotate_compress: 'true', rotate_keep: '1' });
    await sink.write(batch(run * 100, (run + 1) * 100), never);
    await sink.close();
  }
  const old = place.old();
  expect(old).toEqual([expect.stringMatching(/\.gz$/)]);
  expect(old.map(contentOf)).toEqual([units(100, 200).join('')]);
  expect((await verifyLogs(place.folder)).problems).toEqual([]);
});

test('a file that cannot be compressed does not keep others from being removed or compressed', async () => {
  const older = leave(5, unit(1));
  const newer = leave(2, unit(2));
  writeFileSync(`${older}.chain`, '');
  const blocked = leave(3, unit(3));
  // A folder of the name of the draft, which is no file that could be replaced.
  mkdirSync(`${blocked}.gz.part`);
  const sink = await place.opened({ rotate_compress: 'true', rotate_keep_seconds: String(4 * 3600) });
  await vi.waitFor(() => expect(existsSync(`${newer}.gz`)).toBe(true));
  await sink.close();
  expect(place.errors.join()).toContain('cannot be looked after');
  expect(existsSync(older) || existsSync(`${older}.chain`)).toBe(false);
  expect(readFileSync(blocked, 'utf8')).toBe(unit(3));
});
