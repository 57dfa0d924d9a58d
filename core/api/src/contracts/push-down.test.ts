import { expect, test } from 'vitest';
import type { FilterRule } from './policy.ts';
import { policyPartOf, pushDownOf } from './push-down.ts';

const ends = (field: string): FilterRule => ({
  action: 'drop',
  relations: ['*'],
  where: [{ field, op: 'in', values: ['directory'] }],
});
const byUser: FilterRule = {
  action: 'keep',
  nodes: ['*'],
  where: [{ field: 'uid', op: 'in', values: ['0'] }],
};
const directories: FilterRule = { action: 'drop', nodes: ['directory'] };
const reads: FilterRule = { action: 'drop', relations: ['read'] };

test('rules belong to a part by what they test', () => {
  expect([directories, ends('snd.type'), byUser].map(policyPartOf)).toEqual(['types', 'ends', 'fields']);
});

test('a source gets the rules of the parts that it offers, in their order', () => {
  const filter = { rules: [directories, ends('rcv.type'), reads] };
  expect(pushDownOf(filter, ['types', 'ends'])).toEqual(filter);
  expect(pushDownOf(filter, ['types'])?.rules).toEqual([directories, reads]);
  expect(pushDownOf(filter, ['ends'])?.rules).toEqual([ends('rcv.type')]);
  expect(pushDownOf(filter, [])).toBe(null);
  expect(pushDownOf(null, ['types'])).toBe(null);
});

test('what an earlier rule keeps is never left out by the source', () => {
  expect(pushDownOf({ rules: [byUser, directories] }, ['types', 'ends'])).toBe(null);
  expect(pushDownOf({ rules: [reads, byUser, directories] }, ['types', 'ends'])?.rules).toEqual([reads]);
  const keepReads: FilterRule = { action: 'keep', relations: ['read'] };
  const rest: FilterRule = { action: 'drop', relations: ['*'] };
  expect(pushDownOf({ rules: [keepReads, rest] }, ['types'])?.rules).toEqual([keepReads, rest]);
  expect(pushDownOf({ rules: [keepReads] }, ['types'])).toBe(null);
});

test('names are never left out by the source, whatever the rule', () => {
  expect(pushDownOf({ rules: [{ action: 'drop', nodes: ['path'] }] }, ['types'])).toBe(null);
  for (const rule of [{ action: 'drop' }, { action: 'drop', nodes: ['*'] }] as const) {
    const nodes = pushDownOf({ rules: [rule] }, ['types'])?.rules.flatMap(({ nodes = [] }) => nodes);
    expect(nodes).toContain('task');
    expect(nodes).not.toContain('path');
  }
});
