import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { full, scaled } from '../faults/scale.ts';

const kernels = full ? (['6.1', '6.12'] as const) : (['6.1'] as const);
/** At which the log rotates: it takes that much, and some more, after each change of the clock. */
const rotateBytes = scaled(6000, 2400);
const folder = '/root/work/';

/** The numbers of each CPU, in the order in which they came; of what recorders themselves have to say, none. */
function numbersOf(text: string): Map<string, number[]> {
  const byCpu = new Map<string, number[]>();
  for (const line of text.split('\n')) {
    const [, cpu, number] = /^(\d+) (\d+)\.$/.exec(line) ?? [];
    if (cpu === undefined || cpu === '65535') continue;
    byCpu.set(cpu, [...(byCpu.get(cpu) ?? []), Number(number)]);
  }
  return byCpu;
}

describe.for(kernels)('a recorder on %s whose clock is set back, and forward', (kernel) => {
  const reason = whyNoCapture(kernel, full ? 'long' : 'minutes');
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let result: CapturedResult;
  let said: string;
  const told = (line: string, pattern: RegExp): number => {
    const found = said.split('\n').find((each) => each.startsWith(`${line} `)) ?? '';
    return Number((pattern.exec(found)?.[1] ?? '0').replaceAll(',', ''));
  };
  const text = (name: string): string => result.files.get(folder + name)!.toString();
  beforeAll(async () => {
    if (reason !== undefined) return;
    const command = ['bash', '/camflow/tests/fixtures/guest/clock.sh', String(rotateBytes)];
    const fetch = ['log.all', 'socket.out', 'said'].map((name) => folder + name);
    result = await runInGuest({ command, kernel, fetch, timeoutMs: 1_190_000 });
    said = result.stdout.toString();
  }, 1_200_000);

  run(`goes on recording, rotates, and ends in order${note}`, () => {
    for (const moment of ['start', 'back', 'forward', 'again', 'hangup'])
      expect(said).toContain(`${moment} grows\n`);
    expect(told('rotated', /^rotated (\d+)/)).toBeGreaterThan(0);
    expect(said).toContain('stopped 0\n');
    expect(said).toMatch(/doctor Lost: +nothing\./);
  });

  run(`has every record in each output, in order, and none dropped${note}`, () => {
    const taken = told('doctor Since', /([\d,]+) record/);
    expect(taken).toBeGreaterThan(rotateBytes / 6);
    for (const output of ['log.all', 'socket.out']) {
      const byCpu = numbersOf(text(output));
      for (const numbers of byCpu.values()) {
        // What a reader that was away is given twice is no new record.
        const firsts = [...new Set(numbers)];
        expect(firsts).toEqual([...firsts].sort((a, b) => a - b));
      }
      const recorded = [...byCpu.values()].reduce((sum, numbers) => sum + new Set(numbers).size, 0);
      console.log(`${output}: ${recorded} of ${taken} records`);
      expect(recorded).toBe(taken);
    }
    for (const line of said.split('\n').filter((each) => each.startsWith('balance ')))
      expect(line).toMatch(/balance: ([\d,]+) produced = \1 delivered \+ 0 filtered \+ 0 dropped"/);
  });

  run(`leaves nothing in the spool, and logs whose hashes hold${note}`, () => {
    expect(said).toMatch(/^spool unix_socket: 0 records \(.*\) wait; .* lost: none$/m);
    expect(said).toMatch(/^verified 0 (\d+) of \1$/m);
    expect(said).not.toMatch(/^complaint .*level=error/m);
  });
});
