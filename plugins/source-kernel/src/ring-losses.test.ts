import type { AccountedLosses, CaptureCounts } from '@camflow/kernel';
import { expect, test } from 'vitest';
import { RingLosses } from './ring-losses.ts';

const counts = (more: Partial<CaptureCounts> = {}): CaptureCounts => ({
  taken: 0,
  ring_full: 0,
  state_failures: 0,
  truncated: 0,
  contended: 0,
  senders_kept: 0,
  senders_gone: 0,
  shed: 0,
  ...more,
});

const accounted = (more: Partial<AccountedLosses> = {}): AccountedLosses => ({
  ring_full: 0,
  shed: 0,
  state_failures: 0,
  missed: 0,
  ...more,
});

const quiet = { debug() {}, info() {}, warn() {}, error() {} };

/** Keeps what it is warned of. */
function keepingLog(): { readonly warnings: unknown[][]; readonly log: typeof quiet } {
  const warnings: unknown[][] = [];
  return { warnings, log: { ...quiet, warn: (...said: unknown[]) => void warnings.push(said) } };
}

test('losses are counted once, and said to be over one look after the last', () => {
  const { warnings, log } = keepingLog();
  const losses = new RingLosses(accounted({ ring_full: 7 }), log);
  losses.malformed(2);
  const nothing = { counters: {}, ofUnknownSize: [], over: false };
  expect(losses.take(counts({ ring_full: 7 }))).toEqual({
    ...nothing,
    accounted: accounted({ ring_full: 7 }),
    counters: { malformed: 2 },
  });
  expect(losses.take(counts({ ring_full: 10 }))).toEqual({
    ...nothing,
    accounted: accounted({ ring_full: 10 }),
    counters: { ring_full: 3 },
  });
  expect(losses.take(counts({ ring_full: 11 }))).toEqual({
    ...nothing,
    accounted: accounted({ ring_full: 11 }),
    counters: { ring_full: 1 },
  });
  expect(losses.going).toBe(true);
  const over = losses.take(counts({ ring_full: 11 }));
  expect(over).toEqual({ ...nothing, accounted: accounted({ ring_full: 11 }), over: true });
  expect(losses.going).toBe(false);
  expect(losses.take(counts({ ring_full: 11 }))).toEqual({ ...over, over: false });
  expect(warnings.map(([message]) => message)).toEqual([
    'the rings are full: records are being lost',
    'the rings have room again',
  ]);
});

test('what was lost while no recorder ran is found with the first look', () => {
  const { warnings, log } = keepingLog();
  const losses = new RingLosses(accounted({ ring_full: 5 }), log);
  const found = losses.take(counts({ ring_full: 12 }));
  expect(found).toMatchObject({
    counters: { ring_full: 7 },
    accounted: accounted({ ring_full: 12 }),
    over: false,
  });
  expect(warnings).toEqual([['records found no room while no recorder read the rings', { records: 7 }]]);
});

test('what was shed is counted once, beyond what a recorder before had accounted for', () => {
  const losses = new RingLosses(accounted({ shed: 40 }), quiet);
  const first = losses.take(counts({ shed: 45 }));
  expect(first).toMatchObject({ counters: { shed: 5 }, accounted: accounted({ shed: 45 }), over: false });
  expect(losses.take(counts({ shed: 45 })).counters).toEqual({});
  expect(losses.going).toBe(false);
});

test('what no record was made of is a loss of unknown size, told once beyond what a recorder before told', () => {
  const { warnings, log } = keepingLog();
  const losses = new RingLosses(accounted({ state_failures: 3, missed: 4 }), log);
  const first = losses.take(counts({ state_failures: 5 }));
  expect(first).toMatchObject({
    counters: {},
    ofUnknownSize: ['state_failures'],
    accounted: accounted({ state_failures: 5, missed: 4 }),
  });
  // Asked of the programs, this time.
  const second = losses.take(counts({ state_failures: 6 }), 9);
  expect(second.ofUnknownSize).toEqual(['state_failures', 'missed']);
  expect(second.accounted).toEqual(accounted({ state_failures: 6, missed: 9 }));
  expect(losses.take(counts({ state_failures: 6 }))).toEqual({ ...second, ofUnknownSize: [] });
  expect(warnings).toEqual([
    [expect.stringMatching(/^the kernel has no room for the state/), { times: 2 }],
    [expect.stringMatching(/^the kernel left programs out/), { times: 5 }],
  ]);
});
