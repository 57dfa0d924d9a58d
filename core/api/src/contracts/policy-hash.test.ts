import { expect, test } from 'vitest';
import { hashRecordFilter as hash } from './policy-hash.ts';

test('the hash is the same for equal policies however they are written', () => {
  const nodes = (names: string[]) => ({ rules: [{ action: 'drop' as const, nodes: names }] });
  expect(hash(nodes(['file', 'task']))).toBe(hash(nodes(['task', 'file', 'task'])));
  expect(hash(nodes(['file']))).not.toBe(hash(nodes(['task'])));
  expect(hash(null)).toBe(hash({ rules: [] }));
  expect(hash(null)).toMatch(/^[0-9a-f]{64}$/);
});

test('the order of rules, what they name and what they test count', () => {
  const drop = { action: 'drop' as const, nodes: ['file'] };
  const keep = { action: 'keep' as const, relations: ['file'] };
  expect(hash({ rules: [drop, keep] })).not.toBe(hash({ rules: [keep, drop] }));
  expect(hash({ rules: [drop] })).not.toBe(hash({ rules: [{ ...drop, action: 'keep' }] }));
  const uid = { field: 'uid', op: 'in' as const, values: ['0', '1'] };
  const gid = { field: 'gid', op: 'in' as const, values: ['0'] };
  expect(hash({ rules: [{ ...drop, where: [uid, gid] }] })).toBe(
    hash({ rules: [{ ...drop, where: [gid, { ...uid, values: ['1', '0'] }] }] }),
  );
  expect(hash({ rules: [{ ...drop, where: [uid] }] })).not.toBe(hash({ rules: [drop] }));
});
