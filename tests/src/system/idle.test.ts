import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { repositoryRoot } from '../structure/workspace.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const work = path.join(repositoryRoot, 'tests/fixtures/guest/work.js');
const run = test.skipIf(reason !== undefined);

describe('a recorder in an emulated guest', () => {
  let said: string;
  beforeAll(async () => {
    if (reason !== undefined) return;
    const command = ['bash', '/camflow/tests/fixtures/guest/idle.sh'];
    said = (await runInGuest({ command, kernel: '6.1', timeoutMs: 590_000 })).stdout.toString();
    console.log(said);
  }, 600_000);

  run(`would use less than a hundredth of this machine's CPU while nothing happens${note}`, () => {
    const [, hundredths] = /^idle hundredths (\d+) of 2000;/m.exec(said) ?? [];
    const [, inGuest] = /^work (\d+)$/m.exec(said) ?? [];
    const here = Math.min(
      ...[1, 2, 3].map(() => Number(execFileSync(process.execPath, [work], { encoding: 'utf8' }))),
    );
    // The guest is emulated: the same work takes it many times as long.
    const share = Number(hundredths) / 2000 / (Number(inGuest) / here);
    console.log(
      `idle: ${(share * 100).toFixed(2)} % of a CPU; emulation takes ${(Number(inGuest) / here).toFixed(0)} times as long`,
    );
    expect(share).toBeLessThan(0.01);
  });

  run(`writes what happened within a tenth of a second${note}`, () => {
    const [, median] = /^latency ms: median (\d+),/m.exec(said) ?? [];
    expect(Number(median)).toBeLessThan(100);
  });
});
