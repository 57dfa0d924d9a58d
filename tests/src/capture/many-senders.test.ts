import { runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from './why-no-capture.ts';

/** Ends that a sender is kept for, and those that are sent to: once few, once many more. */
const room = 16_384;
const few = 9;
const many = 20_000;

const machines = [
  { kernel: '6.1', takes: 'minutes' },
  { kernel: '6.12', takes: 'long' },
] as const;

describe.for(machines)('senders that are too many to be kept, on $kernel', ({ kernel, takes }) => {
  const reason = whyNoCapture(kernel, takes);
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let said: string;
  const line = (about: string): string => new RegExp(`^${about}: (.*)$`, 'm').exec(said)?.[1] ?? '';

  beforeAll(async () => {
    if (reason !== undefined) return;
    const command = ['bash', '/camflow/tests/fixtures/guest/many-senders.sh'];
    said = (await runInGuest({ command, kernel, timeoutMs: 590_000 })).stdout.toString();
    console.log(said);
  }, 600_000);

  run(`are all known while they are few${note}`, () => {
    expect(line(`recorded ${few}`)).toMatch(/^0 .* delivered \+ 0 filtered \+ 0 dropped$/);
    expect(line(`received ${few}`)).toBe('1');
    expect(line(`doctor ${few}`)).toBe('');
  });

  run(`are forgotten from the first on, and counted${note}`, () => {
    expect(line(`recorded ${many}`)).toMatch(/^0 .* delivered \+ 0 filtered \+ 0 dropped$/);
    expect(line(`received ${many}`)).toBe('0');
    const [, forgotten = ''] = /last to ([\d,]+) ends of/.exec(line(`doctor ${many}`)) ?? [];
    const number = Number(forgotten.replaceAll(',', ''));
    // The kernel takes a hundred of the oldest at once, on each CPU.
    expect(number).toBeGreaterThanOrEqual(many + few - room);
    expect(number).toBeLessThan(many + few - room + 2 * 128 + 16);
  });
});
