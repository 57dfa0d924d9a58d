import { hashRecordFilter, isPluginDefinition } from '@camflow/api';
import { expect, test } from 'vitest';
import policyAll from './index.ts';

test('it filters nothing, wherever the source could filter', () => {
  expect(isPluginDefinition(policyAll)).toBe(true);
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const policy = policyAll.create({}, { log, section: 'all' });
  const capabilities = { finite: true, rereadable: true, heldBatches: 0, pushDown: ['types' as const] };
  expect(policy.compile(capabilities)).toEqual({
    hash: hashRecordFilter(null),
    pushDown: null,
    filter: null,
  });
});
