import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';

const reason = whyNoCapture('6.1');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);

describe('a recorder in an emulated guest', () => {
  let said: string;
  beforeAll(async () => {
    if (reason !== undefined) return;
    const command = ['bash', '/camflow/tests/fixtures/guest/idle.sh'];
    said = (await runInGuest({ command, kernel: '6.1', timeoutMs: 590_000 })).stdout.toString();
    console.log(said);
  }, 600_000);

  run(`uses less than a hundredth of a CPU while nothing happens${note}`, () => {
    const [, hundredths] = /^idle hundredths (\d+) of 2000;/m.exec(said) ?? [];
    expect(Number(hundredths)).toBeLessThan(20);
  });

  run(`writes what happened within a tenth of a second${note}`, () => {
    const [, median] = /^latency ms: median (\d+),/m.exec(said) ?? [];
    expect(Number(median)).toBeLessThan(100);
  });
});
