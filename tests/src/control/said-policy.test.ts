import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { saidBy } from '../system/said-by.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);

/** Of `look`: whether programs are attached, and both switches. */
const [off, onlyMarked, everything] = ['0 0 ', '1 1 0', '1 1 1'];

describe('what camconfd and camflow said about capture', () => {
  let job: CapturedResult;
  const said = (about: string): string => saidBy(job)(about).join('\n');
  beforeAll(async () => {
    if (reason !== undefined) return;
    job = await runInGuest({
      command: ['bash', '/camflow/tests/fixtures/guest/said-policy.sh'],
      kernel: '6.1',
      timeoutMs: 1_790_000,
    });
  }, 1_800_000);

  run(`is not whether nodes are compressed: recorders record everything then as ever${note}`, () => {
    expect(said('other-switch')).toMatch(/^stopped 0 0 \d\ndisabled\nyes yes 0$/);
  });

  run(`while one recorder records everything, another one goes on with after it${note}`, () => {
    expect(said('said')).toBe(`stopped ${everything}\nyes`);
  });

  run(`holds also where it is that nothing is captured, and the recorder says so${note}`, () => {
    expect(said('off')).toMatch(new RegExp(`^stopped ${off}\\d\\nno no 1$`));
  });

  run(`stays when somebody recorded one command meanwhile, also what was said meanwhile${note}`, () => {
    expect(said('own')).toBe(`stopped ${everything}\nyes 1`);
    expect(said('own-off')).toMatch(new RegExp(`^stopped ${off}`));
  });

  run(`stays when they were killed${note}`, () => {
    expect(said('killed')).toBe('yes');
  });

  run(`by a file is said although it is so already for somebody else${note}`, () => {
    expect(said('file')).toBe(`stopped ${onlyMarked}`);
  });
});
