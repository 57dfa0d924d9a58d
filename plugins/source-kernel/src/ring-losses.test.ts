import type { CaptureCounts } from '@camflow/kernel';
import { expect, test } from 'vitest';
import { RingLosses } from './ring-losses.ts';

const counts = (more: Partial<CaptureCounts> = {}): CaptureCounts => ({
  taken: 0,
  ring_full: 0,
  state_failures: 0,
  truncated: 0,
  contended: 0,
  ...more,
});

test('losses are counted once, and said to be over one look after the last', () => {
  const warnings: string[] = [];
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} };
  const losses = new RingLosses(counts({ ring_full: 7 }), log);
  losses.malformed(2);
  expect(losses.take(counts({ ring_full: 7 }))).toEqual({ counters: { malformed: 2 }, over: false });
  expect(losses.take(counts({ ring_full: 10 }))).toEqual({ counters: { ring_full: 3 }, over: false });
  expect(losses.take(counts({ ring_full: 11 }))).toEqual({ counters: { ring_full: 1 }, over: false });
  expect(losses.take(counts({ ring_full: 11, state_failures: 1 }))).toEqual({ counters: {}, over: true });
  expect(losses.take(counts({ ring_full: 11, state_failures: 9 }))).toEqual({ counters: {}, over: false });
  expect(warnings.length).toBe(1);
});
