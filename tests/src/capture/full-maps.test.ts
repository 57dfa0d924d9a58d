import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWorkload } from './capture-in-guest.ts';
import { whyNoCapture } from './why-no-capture.ts';

/** How many objects are made, or none. */
const made = 9;

const machines = [
  { kernel: '6.1', takes: 'minutes' },
  { kernel: '6.12', takes: 'long' },
] as const;

describe.for(machines)('a table of state that is full, on $kernel', ({ kernel, takes }) => {
  const reason = whyNoCapture(kernel, takes);
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let said: string;
  /** How often state was missing in the recordings of one kind, in their order. */
  const counted = (line: string): number[] =>
    [...said.matchAll(new RegExp(`^${line}: (\\d+)$`, 'gm'))].map(([, times]) => Number(times));
  beforeAll(async () => {
    if (reason !== undefined) return;
    const folder = mkdtempSync(path.join(tmpdir(), 'camflow-crowd-'));
    try {
      const command = ['bash', '/camflow/tests/fixtures/guest/full-maps.sh'];
      const put = [buildWorkload('crowd', folder)];
      const options = { command, kernel, put, memoryMib: 2048, timeoutMs: 1_190_000 };
      said = (await runInGuest(options)).stdout.toString();
      console.log(said);
    } finally {
      rmSync(folder, { recursive: true });
    }
  }, 1_200_000);

  run(`counts nothing while there is room${note}`, () => {
    expect(said).not.toContain('failed:');
    expect(said.match(/^fill filled \w+ with \d+: .*E2BIG/gm)).toHaveLength(4);
    expect(counted(`room everything ${made}`)).toEqual([0]);
  });

  run(`counts each mapping, message and segment without state once${note}`, () => {
    for (const what of ['mappings', 'messages', 'segments'])
      expect(counted(`full ${what} ${made}`), what).toEqual([made]);
  });

  run(`counts what happens to files without state, each time${note}`, () => {
    const [none] = counted('full files 0');
    const [some] = counted(`full files ${made}`);
    expect(some! - none!).toBeGreaterThan(0);
    expect((some! - none!) % made).toBe(0);
  });

  run(`counts each file that is reached and of which that cannot be kept, and their folder${note}`, () => {
    const [none] = counted('kept files 0');
    const [some] = counted(`kept files ${made}`);
    expect(some! - none!).toBe(made + 1);
  });

  run(`refuses a mark that cannot be kept, and takes it back${note}`, () => {
    expect(said).toContain('mark camflow: The programs have no room for one more file with a mark.');
    expect(said).toContain('mark status 1\n');
    expect(said).toContain('mark File is not tracked.\n');
  });

  run(`has a recorder account for all of it${note}`, () => {
    const [, times, accounted] =
      /^doctor .*for want of room for their state, ([\d,]+) times, of which ([\d,]+) accounted for/m.exec(
        said,
      ) ?? [];
    expect(accounted).toBe(times);
    expect(Number(times?.replaceAll(',', ''))).toBe(Number(/^all: (\d+)$/m.exec(said)?.[1]));
  });
});
