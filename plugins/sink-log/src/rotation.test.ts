import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  linkSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import type { RawOptions } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { readEnds } from './chain-reader.ts';
import { verifyLogs } from './index.ts';
import { batch, contentOf, LogPlace, never, unit, units } from './log-place.test.support.ts';

let place: LogPlace;
let folder: string;
let log: string;
beforeEach(() => {
  place = LogPlace.create();
  ({ folder, log } = place);
});
afterEach(() => place.remove());

describe('rotation', () => {
  test('by size: no file is larger, no unit is split or lost, in the middle of a batch too', async () => {
    const sink = await place.opened({ rotate_size: '5000' });
    for (let i = 0; i < 4; i++) await sink.write(batch(i * 250, (i + 1) * 250), never);
    await sink.close();
    expect(place.old().length).toBeGreaterThan(10);
    for (const file of [...place.old(), log]) {
      expect(statSync(file).size).toBeLessThanOrEqual(5000);
      expect(contentOf(file).endsWith('\n')).toBe(true);
    }
    expect(place.everything()).toBe(units(0, 1000).join(''));
    expect(statSync(place.old()[0]!).mode & 0o777).toBe(0o640);
  });

  test('a unit that is longer than a file may be has one of its own', async () => {
    const sink = await place.opened({ rotate_size: '40' });
    await sink.write(batch(60, 65), never);
    await sink.close();
    expect([...place.old(), log].map(contentOf)).toEqual(units(60, 65));
  });

  test('by time, compressed, with a limit on old files', async () => {
    const sink = await place.opened({ rotate_interval: '1', rotate_compress: 'true', rotate_keep: '2' });
    for (let i = 0; i < 5; i++) {
      await sink.write(batch(i, i + 1), never);
      await sleep(1010);
    }
    await sink.close();
    expect(place.old('.gz').map(contentOf)).toEqual([unit(2), unit(3)]);
    expect(contentOf(log)).toBe(unit(4));
    expect(place.old().length).toBe(2);
  });

  test('after the clock was set back, the oldest files still go first', async () => {
    const future = `${log}.${new Date(Date.now() + 3_600_000).toISOString().replaceAll(':', '-')}`;
    writeFileSync(future, unit(0));
    const sink = await place.opened({ rotate_size: '10', rotate_keep: '3' });
    await sink.write(batch(1, 5), never);
    await sink.close();
    expect(place.old().map(contentOf)).toEqual(units(1, 4));
    expect(contentOf(log)).toBe(unit(4));
  });

  test('old files go when their time is over', async () => {
    const sink = await place.opened({ rotate_size: '10', rotate_keep_seconds: '1' });
    await sink.write(batch(0, 3), never);
    expect(place.old().length).toBe(2);
    await sleep(1100);
    await sink.write(batch(3, 4), never);
    await sink.close();
    expect(place.old()).toEqual([]);
  });

  test('a batch that fails after a rotation goes on behind it when it is given again', async () => {
    const sink = await place.opened({ rotate_size: '2000' });
    const given = batch(0, 200);
    const stop = new AbortController();
    const failing = sink.write(given, stop.signal).catch((error: unknown) => error);
    while (place.old().length < 2) await sleep(1);
    stop.abort();
    const outcome = await failing;
    if (outcome !== undefined) await sink.write(given, never);
    await sink.close();
    expect(place.everything()).toBe(units(0, 200).join(''));
  });

  test('a reader that follows (tail -F) sees every line once', async () => {
    writeFileSync(log, '');
    const tail = spawn('tail', ['-F', '-n', '+1', '-s', '0.05', log], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    let seen = '';
    tail.stdout.setEncoding('latin1').on('data', (chunk: string) => {
      seen += chunk;
    });
    const sink = await place.opened({ rotate_size: '20000' });
    for (let i = 0; i < 10; i++) {
      await sink.write(batch(i * 100, (i + 1) * 100), never);
      await sleep(400);
    }
    await sink.close();
    const all = units(0, 1000).join('');
    for (let waited = 0; seen.length < all.length && waited < 10_000; waited += 50) await sleep(50);
    tail.kill();
    expect(place.old().length).toBeGreaterThan(1);
    expect(seen).toBe(all);
  });
});

describe('the chain', () => {
  /** Four closed files of a chain in two runs. */
  async function written(more: RawOptions = {}): Promise<string[]> {
    for (let run = 0; run < 2; run++) {
      const sink = await place.opened({ chain: 'true', rotate_size: '20000', ...more });
      await sink.write(batch(run * 500, (run + 1) * 500), never);
      await sink.close();
    }
    return [...place.old(), log];
  }

  test('closes with what a file holds, and verifies', async () => {
    const files = await written();
    const { files: found, problems } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    expect(found.map(({ path: each }) => each)).toEqual(files);
    expect(found.map(({ segment }) => segment)).toEqual([1, 2, 3, 4]);
    expect(found[0]!.statement).toMatchObject({
      killed: false,
      losses: { ring_full: 3 },
      first: 'n/short0/0/0',
      oldest: 1,
    });
    const statements = found.map(({ statement }) => statement!);
    expect(statements.reduce((sum, each) => sum + each.records, 0)).toBe(2000);
    expect(statements.at(-1)!.last).toBe('n/short0/0/999');
    expect(JSON.parse(readFileSync(`${files[0]}.chain`, 'utf8').split('\n')[0]!)).toMatchObject({
      policy: 'f00d',
    });
    expect(place.everything()).toBe(units(0, 1000).join(''));
  });

  test('verifies compressed files too', async () => {
    await written({ rotate_compress: 'true' });
    expect(place.old('.gz').length).toBeGreaterThan(0);
    expect((await verifyLogs(folder)).problems).toEqual([]);
  });

  /** Changes bytes of the first file. @returns what verifying says of it, without its name */
  async function changed(at: number, change: readonly number[]): Promise<string> {
    const [first] = (await written()) as [string];
    const bytes = readFileSync(first);
    for (const [i, each] of change.entries()) bytes[at + i]! ^= each;
    writeFileSync(first, bytes);
    const { problems } = await verifyLogs(folder);
    expect(problems).toHaveLength(1);
    expect(problems[0]!.startsWith(`${first}: `)).toBe(true);
    return problems[0]!.slice(first.length + 2);
  }

  test.each([0, 1, 127, 128, 4095, 4096, 5000, 19_000, -1])(
    'names the first bad byte, and what was written there: %i',
    async (offset) => {
      const [first] = (await written()) as [string];
      const whole = readFileSync(first);
      const at = offset < 0 ? whole.length - 1 : offset;
      place.clear();
      const was = whole[at]!.toString(16).padStart(2, '0');
      expect(await changed(at, [0x41])).toBe(`the first bad byte is ${at}, where 0x${was} was written`);
    },
  );

  test('names the first of some bytes in a row, and of many the few among which it is', async () => {
    expect(await changed(5000, [1, 0, 0, 7])).toMatch(/^the first bad byte is 5000, where/);
    place.clear();
    expect(await changed(4096 + 130, [1, 2, 3, 4, 5, 6, 7, 8])).toBe(
      `the first bad byte is between ${4096 + 128} and ${4096 + 255}`,
    );
  });

  test.each(['create', 'compress', 'copytruncate'])(
    'goes on over a rotation by logrotate: %s',
    async (how) => {
      const sink = await place.opened({ chain: 'true' });
      for (let round = 0; round < 3; round++) {
        await sink.write(batch(round * 100, (round + 1) * 100), never);
        for (let old = round; old > 0; old--) {
          const suffix = existsSync(`${log}.${old}.gz`) ? '.gz' : '';
          renameSync(`${log}.${old}${suffix}`, `${log}.${old + 1}${suffix}`);
        }
        if (how === 'copytruncate') {
          copyFileSync(log, `${log}.1`);
          truncateSync(log);
          continue;
        }
        renameSync(log, `${log}.1`);
        await sink.reopen!();
        if (how !== 'compress') continue;
        writeFileSync(`${log}.1.gz`, gzipSync(readFileSync(`${log}.1`)));
        rmSync(`${log}.1`);
      }
      await sink.write(batch(300, 400), never);
      await sink.close();
      const { files, problems } = await verifyLogs(folder);
      expect(problems).toEqual([]);
      expect(files.map(({ statement }) => statement!.units)).toEqual([100, 100, 100, 100]);
      const [name] = files.map(({ path: each }) => each).filter((each) => each.includes('audit.log.2'));
      if (how === 'compress') return;
      const bytes = readFileSync(name!);
      bytes[2000]! ^= 1;
      writeFileSync(name!, bytes);
      expect((await verifyLogs(folder)).problems).toEqual([
        expect.stringContaining(`${name}: the first bad byte is 2000,`),
      ]);
    },
  );

  test('names what was cut off, added or removed', async () => {
    const [first, second, third] = (await written()) as [string, string, string];
    const whole = readFileSync(first);
    truncateSync(first, 9000);
    expect((await verifyLogs(folder)).problems).toEqual([`${first}: byte 9000 and what follows is missing`]);
    writeFileSync(first, Buffer.concat([whole, Buffer.from('more\n')]));
    const { problems } = await verifyLogs(folder);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toMatch(/first bad byte is between \d+ and \d+|was added/);
    writeFileSync(first, whole);
    expect((await verifyLogs(folder)).problems).toEqual([]);
    rmSync(third);
    expect((await verifyLogs(folder)).problems).toEqual([
      `${third}: the file is missing, its chain is there`,
    ]);
    rmSync(`${third}.chain`);
    expect((await verifyLogs(folder)).problems).toEqual([`audit.log: file 3 is missing before ${log}`]);
    rmSync(first);
    rmSync(`${first}.chain`);
    expect((await verifyLogs(folder)).problems).toEqual([
      `audit.log: file 1 is missing before ${second}`,
      `audit.log: file 3 is missing before ${log}`,
    ]);
  });

  test('a chain that was written anew does not fit the next one', async () => {
    const [, second] = (await written()) as [string, string];
    const lines = readFileSync(`${second}.chain`, 'utf8').trimEnd().split('\n');
    const { hash: _, ...statement } = JSON.parse(lines.at(-1)!);
    let last = createHash('sha256').update(lines.at(-2)!.split(' ')[0]!);
    const changed = { ...statement, records: statement.records - 1 };
    last = last.update(JSON.stringify(changed));
    lines[lines.length - 1] = JSON.stringify({ ...changed, hash: last.digest('hex') });
    writeFileSync(`${second}.chain`, `${lines.join('\n')}\n`);
    const { problems } = await verifyLogs(folder);
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain('does not follow');
  });

  test.each(['a closed one', 'one that is being written'])(
    'a closed file that was cut off with the end of its chain does not pass before %s',
    async (next) => {
      const [first, second] = (await written()) as [string, string];
      const sink = next === 'a closed one' ? undefined : await place.opened({ chain: 'true' });
      const lines = readFileSync(`${first}.chain`, 'utf8').split('\n');
      writeFileSync(`${first}.chain`, `${lines.slice(0, 3).join('\n')}\n`);
      truncateSync(first, 2 * 4096);
      expect((await verifyLogs(folder)).problems).toEqual([
        `${first}: its chain is not closed, though another one follows`,
        `${second}: does not follow ${first}: the chain of one of them was changed`,
      ]);
      await sink?.close();
    },
  );

  test('a closed file whose last bytes were changed and whose statement was removed does not pass', async () => {
    for (const change of ['changed', 'cut', 'neither']) {
      const [first, second] = (await written()) as [string, string];
      const lines = readFileSync(`${first}.chain`, 'utf8').trimEnd().split('\n');
      writeFileSync(`${first}.chain`, `${lines.slice(0, -1).join('\n')}\n`);
      const bytes = readFileSync(first);
      bytes[bytes.length - 2]! ^= 1;
      if (change === 'changed') writeFileSync(first, bytes);
      if (change === 'cut') truncateSync(first, bytes.length - 200);
      const { problems } = await verifyLogs(folder);
      expect(problems).toEqual([
        {
          changed: `${first}: the first bad byte is ${bytes.length - 2}, where 0x2e was written`,
          cut: `${first}: byte ${bytes.length - 200} and what follows is missing`,
          neither: `${first}: its chain is not closed, though another one follows`,
        }[change],
        `${second}: does not follow ${first}: the chain of one of them was changed`,
      ]);
      place.clear();
    }
  });

  test('a line that a killed recorder did not finish in a chain is passed over', async () => {
    const killed = await place.opened({ chain: 'true' });
    await killed.write(batch(0, 500), never);
    const whole = readFileSync(`${log}.chain`, 'utf8');
    writeFileSync(`${log}.chain`, whole.slice(0, -30));
    expect((await verifyLogs(folder)).problems).toEqual([]);
    const next = await place.opened({ chain: 'true' });
    await next.close();
    const { problems, files } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    expect(files.map(({ statement }) => statement?.killed)).toEqual([true, false]);
  });

  /** Removes a log with its chain, as somebody would who has something to hide. */
  function erase(...files: readonly string[]): void {
    for (const file of files) for (const each of [file, `${file}.chain`]) rmSync(each);
  }

  test('files that somebody removed while the recorder ran stay missing, in this run and the next', async () => {
    const sink = await place.opened({ chain: 'true', rotate_size: '5000' });
    await sink.write(batch(0, 300), never);
    const [first, second, third] = place.old() as [string, string, string];
    erase(first, second);
    await sink.write(batch(300, 600), never);
    await sink.close();
    const missing = [`audit.log: files 1 to 2 are missing before ${third}`];
    expect((await verifyLogs(folder)).problems).toEqual(missing);
    const next = await place.opened({ chain: 'true' });
    await next.close();
    expect((await verifyLogs(folder)).problems).toEqual(missing);
  });

  test('the log that somebody removed while it was written is missing', async () => {
    const sink = await place.opened({ chain: 'true', rotate_size: '5000' });
    await sink.write(batch(0, 10), never);
    erase(log);
    await sink.write(batch(10, 300), never);
    await sink.close();
    const [second] = place.old() as [string];
    expect((await verifyLogs(folder)).problems).toEqual([`audit.log: file 1 is missing before ${second}`]);
  });

  test('files that the rules removed are not missing after a kill, nor where logrotate moved others away', async () => {
    const killed = await place.opened({ chain: 'true', rotate_size: '5000', rotate_keep: '1' });
    await killed.write(batch(0, 10), never);
    renameSync(log, `${log}.1`);
    await killed.reopen!();
    await killed.write(batch(10, 600), never);
    await vi.waitFor(() => expect(place.old()).toHaveLength(1));
    expect((await verifyLogs(folder)).problems).toEqual([]);
    const next = await place.opened({ chain: 'true' });
    await next.write(batch(600, 610), never);
    await next.close();
    const { files, problems } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    expect(files[0]).toMatchObject({ segment: 1, path: `${log}.1` });
    expect(files[1]!.segment).toBeGreaterThan(5);
  });

  test('a note of what was removed cannot be changed', async () => {
    const sink = await place.opened({ chain: 'true', rotate_size: '20000', rotate_keep: '1' });
    await sink.write(batch(0, 1000), never);
    await vi.waitFor(() => expect(place.old()).toHaveLength(1));
    await sink.close();
    const noted = [...place.old(), log].find((each) =>
      readFileSync(`${each}.chain`, 'utf8').includes('noted'),
    )!;
    const chain = readFileSync(`${noted}.chain`, 'utf8');
    writeFileSync(`${noted}.chain`, chain.replace(/"oldest":\d+,"noted"/, '"oldest":1,"noted"'));
    expect((await verifyLogs(folder)).problems).toEqual([`${noted}: a note in its chain was changed`]);
  });

  test('files that the rules of the log removed are not missing', async () => {
    await written({ rotate_keep: '1' });
    const { files, problems } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    expect(files.length).toBeLessThan(4);
  });

  test('of a killed recorder is closed by the next one, unless the log was changed in between', async () => {
    for (const tampered of [false, true]) {
      const killed = await place.opened({ chain: 'true' });
      await killed.write(batch(0, 500), never);
      // As a kill leaves it: the file and an open chain; the handle goes with the test.
      if (tampered) {
        const bytes = readFileSync(log);
        bytes[100]! ^= 1;
        writeFileSync(log, bytes);
      }
      const next = await place.opened({ chain: 'true' });
      await next.close();
      const { problems, files } = await verifyLogs(folder);
      if (tampered) expect(problems.join()).toContain('the first bad byte is 100, where');
      else {
        expect(problems).toEqual([]);
        expect(files.map(({ statement }) => statement?.killed)).toEqual([true, false]);
      }
      place.clear();
    }
  });
});

describe('a run begins', () => {
  const statements = async () => {
    const { files, problems } = await verifyLogs(folder);
    expect(problems).toEqual([]);
    return files.map(({ path: each, segment, statement }) => ({
      name: path.basename(each),
      segment,
      bytes: statement?.bytes,
      killed: statement?.killed,
    }));
  };

  test('after runs without records: they leave nothing, and no file is missing', async () => {
    for (const [from, to] of [
      [0, 0],
      [0, 10],
      [0, 0],
      [0, 0],
      [10, 20],
    ] as const) {
      const sink = await place.opened({ chain: 'true' });
      if (to > from) await sink.write(batch(from, to), never);
      await sink.close();
    }
    expect((await statements()).map(({ segment }) => segment)).toEqual([1, 2]);
    expect(place.everything()).toBe(units(0, 20).join(''));
  });

  test.each([
    ['closed', false],
    ['killed', true],
  ])('after the log of one that was %s was moved away meanwhile', async (_, killed) => {
    for (const compressed of [false, true]) {
      const first = await place.opened({ chain: 'true' });
      await first.write(batch(0, 500), never);
      if (!killed) await first.close();
      const moved = compressed ? `${log}.1.gz` : `${log}.1`;
      writeFileSync(moved, compressed ? gzipSync(readFileSync(log)) : readFileSync(log));
      rmSync(log);
      const next = await place.opened({ chain: 'true' });
      await next.write(batch(500, 510), never);
      await next.close();
      const bytes = [Buffer.byteLength(units(0, 500).join('')), Buffer.byteLength(units(500, 510).join(''))];
      expect(await statements()).toEqual([
        { name: path.basename(moved), segment: 1, bytes: bytes[0], killed },
        { name: 'audit.log', segment: 2, bytes: bytes[1], killed: false },
      ]);
      place.clear();
    }
  });

  test('after a kill between two steps of a rotation', async () => {
    const first = await place.opened({ chain: 'true' });
    await first.write(batch(0, 500), never);
    await first.close();
    linkSync(log, `${log}.2026-01-01T00-00-00.000Z`);
    const next = await place.opened({ chain: 'true' });
    await next.close();
    expect((await statements()).map(({ name, segment }) => [name, segment])).toEqual([
      ['audit.log.2026-01-01T00-00-00.000Z', 1],
      ['audit.log', 2],
    ]);
    // Nor is a file missing that was not begun before the kill.
    await place.opened({ chain: 'true' });
    rmSync(log);
    expect((await statements()).map(({ segment }) => segment)).toEqual([1, 2]);
  });

  test('with a chain of its own where another log has a longer name', async () => {
    for (const file of [`${log}2`, log]) {
      const sink = await place.opened({ chain: 'true', path: file });
      await sink.write(batch(0, 500), never);
      await sink.close();
    }
    expect((await statements()).map(({ name, segment }) => [name, segment])).toEqual([
      ['audit.log', 1],
      ['audit.log2', 1],
    ]);
  });

  const leftBytes = process.env['CAMFLOW_FAULTS'] === 'full' ? 2 ** 31 : 2 ** 27;
  test(`after a kill with a log of ${leftBytes / 2 ** 20} MiB, most of which its chain had no room for`, {
    timeout: 600_000,
  }, async () => {
    const killed = await place.opened({ chain: 'true' });
    await killed.write(batch(0, 500), never);
    const size = leftBytes + 5000;
    truncateSync(log, size - 1);
    writeFileSync(log, '\n', { flag: 'a' });
    const peakKiB = process.resourceUsage().maxRSS;
    const next = await place.opened({ chain: 'true' });
    await next.close();
    expect(process.resourceUsage().maxRSS - peakKiB).toBeLessThan(100 << 10);
    const [first] = place.old();
    expect(await readEnds(`${first}.chain`)).toMatchObject({ statement: { bytes: size, killed: true } });
    expect((await verifyLogs(folder)).problems).toEqual([]);
  });
});

test('without rotation a file that was moved away is opened anew, as logrotate wants it', async () => {
  const sink = await place.opened({});
  await sink.write(batch(0, 10), never);
  renameSync(log, `${log}.1`);
  await sink.reopen!();
  await sink.write(batch(10, 20), never);
  await sink.close();
  expect(readFileSync(`${log}.1`, 'utf8') + readFileSync(log, 'utf8')).toBe(units(0, 20).join(''));
  expect(existsSync(`${log}.chain`)).toBe(false);
});
