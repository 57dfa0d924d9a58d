import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { repositoryRoot } from '../structure/workspace.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const tick = path.join(repositoryRoot, 'tests/fixtures/guest/tick.js');
const watchedMs = 10_000;
const run = test.skipIf(reason !== undefined);

/** The share of a CPU that a bare timer of node takes on this machine. */
async function shareOfTick(): Promise<number> {
  const child = spawn(process.execPath, [tick], { stdio: 'ignore' });
  const usedMs = (): number => {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(stat[11]) + Number(stat[12])) * 10;
  };
  try {
    await sleep(2000);
    const before = usedMs();
    await sleep(watchedMs);
    return (usedMs() - before) / watchedMs;
  } finally {
    child.kill();
  }
}

describe('a recorder in an emulated guest', () => {
  let said: string;
  beforeAll(async () => {
    if (reason !== undefined) return;
    const command = ['bash', '/camflow/tests/fixtures/guest/idle.sh'];
    said = (await runInGuest({ command, kernel: '6.1', timeoutMs: 1_190_000 })).stdout.toString();
    console.log(said);
  }, 1_200_000);

  run(
    `would use less than a hundredth of this machine's CPU while nothing happens${note}`,
    async () => {
      const [, recorder] = /^idle hundredths (\d+) of 2000;/m.exec(said) ?? [];
      const [, emulated] = /^tick hundredths (\d+)$/m.exec(said) ?? [];
      const here = await shareOfTick();
      // The guest is emulated: what the recorder costs is told in ticks of a program that does nothing else.
      const ticks = Number(recorder) / Number(emulated);
      console.log(
        `idle: ${ticks.toFixed(2)} times a bare timer, which takes ${(here * 100).toFixed(2)} % of a CPU here`,
      );
      expect(ticks * here).toBeLessThan(0.01);
    },
    60_000,
  );

  run(`writes what happened within a tenth of a second${note}`, () => {
    const [, median] = /^latency ms: median (\d+),/m.exec(said) ?? [];
    expect(Number(median)).toBeLessThan(100);
  });

  run(`writes nine of ten lines within a second, once its code was met${note}`, () => {
    // Of the second half: code that the emulator and node meet for the first time is translated first, which is paid
    // once. By then a line is late only where it waits for a timer or for what happens next; the second leaves room for
    // a host that does other things too.
    const [, nine] = /^latency ms of the second half: 90 % (\d+)$/m.exec(said) ?? [];
    expect(Number(nine)).toBeLessThan(1000);
  });
});
