import type { CaptureCounts } from '@camflow/kernel';
import { expect, test } from 'vitest';
import { RingLosses } from './ring-losses.ts';

const counts = (more: Partial<CaptureCounts> = {}): CaptureCounts => ({
  taken: 0,
  ring_full: 0,
  state_failures: 0,
  truncated: 0,
  contended: 0,
  shed: 0,
  ...more,
});

test('losses are counted once, and said to be over one look after the last', () => {
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  const losses = new RingLosses({ ring_full: 7, shed: 0 }, 0, log);
  losses.malformed(2);
  const nothing = { counters: {}, over: false };
  expect(losses.take(counts({ ring_full: 7 }))).toEqual({
    ...nothing,
    accounted: { ring_full: 7, shed: 0 },
    counters: { malformed: 2 },
  });
  expect(losses.take(counts({ ring_full: 10 }))).toEqual({
    ...nothing,
    accounted: { ring_full: 10, shed: 0 },
    counters: { ring_full: 3 },
  });
  expect(losses.take(counts({ ring_full: 11 }))).toEqual({
    ...nothing,
    accounted: { ring_full: 11, shed: 0 },
    counters: { ring_full: 1 },
  });
  expect(losses.going).toBe(true);
  const over = losses.take(counts({ ring_full: 11, state_failures: 1 }));
  expect(over).toEqual({ counters: {}, accounted: { ring_full: 11, shed: 0 }, over: true });
  expect(losses.going).toBe(false);
  const after = losses.take(counts({ ring_full: 11, state_failures: 9 }));
  expect(after).toEqual({ ...nothing, accounted: { ring_full: 11, shed: 0 } });
  expect(warnings.map((warning) => warning.slice(0, 17))).toEqual([
    'the rings are ful',
    'the rings have ro',
    'the kernel has no',
  ]);
});

test('what was lost while no recorder ran is found with the first look', () => {
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  const losses = new RingLosses({ ring_full: 5, shed: 0 }, 3, log);
  const found = losses.take(counts({ ring_full: 12, state_failures: 3 }));
  expect(found).toEqual({ counters: { ring_full: 7 }, accounted: { ring_full: 12, shed: 0 }, over: false });
  expect(warnings).toEqual(['records found no room while no recorder read the rings']);
});

test('what was shed is counted once, beyond what a recorder before had accounted for', () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const losses = new RingLosses({ ring_full: 0, shed: 40 }, 0, log);
  const first = losses.take(counts({ shed: 45 }));
  expect(first).toEqual({ counters: { shed: 5 }, accounted: { ring_full: 0, shed: 45 }, over: false });
  expect(losses.take(counts({ shed: 45 })).counters).toEqual({});
  expect(losses.going).toBe(false);
});

test('objects without state are told with the first look, those before this recorder are not', () => {
  const warnings: unknown[] = [];
  const log = {
    debug() {},
    info() {},
    warn: (...said: unknown[]) => void warnings.push(said),
    error() {},
  };
  new RingLosses({ ring_full: 0, shed: 0 }, 3, log).take(counts({ state_failures: 5 }));
  expect(warnings).toEqual([
    [expect.stringMatching(/^the kernel has no room for the state/), { objects: 2 }],
  ]);
});
