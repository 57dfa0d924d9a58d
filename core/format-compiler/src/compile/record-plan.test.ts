import { nodeTypeNamed } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { type Attribute, string, when } from '../table/attribute.ts';
import { decimal, hex } from '../table/content.ts';
import { planIdentity, planRecord } from './record-plan.ts';

const task = nodeTypeNamed('task')!;

const identityOf = (attributes: readonly Attribute[], open = '{'): string =>
  planIdentity(task, planRecord(task, { section: '', open: [open], attributes, close: '}' }));

const pid = string('pid', '', decimal('pid'));
const context = when({ positive: 'utime' }, string('utime', '', decimal('utime')));

describe('records share code', () => {
  test('where nothing but constant text differs', () => {
    const other = [string('number', '', 'no. ', decimal('pid')), { ...context, key: 'time' }];
    expect(identityOf([pid, context])).toBe(identityOf(other, '{"type":'));
  });

  test.each<[string, Attribute[]]>([
    ['one has an attribute more', [pid, context, pid]],
    ['a value is written otherwise', [string('pid', '', hex('pid')), context]],
    ['a condition differs', [pid, when({ positive: 'stime' }, string('utime', '', decimal('utime')))]],
  ])('but not where %s', (_, attributes) => {
    expect(identityOf(attributes)).not.toBe(identityOf([pid, context]));
  });

  test('but not where an empty value is taken back with a key of another length', () => {
    const taken = (key: string) => [pid, when('nonempty', string(key, '', decimal('pid')))];
    expect(identityOf(taken('a'))).toBe(identityOf(taken('b')));
    expect(identityOf(taken('a'))).not.toBe(identityOf(taken('bc')));
  });

  test('but not where text differs inside a run, which is kept whole', () => {
    const run = (key: string) => [
      string('a', '', decimal('boot_id')),
      string(key, '', decimal('machine_id')),
    ];
    expect(identityOf(run('b'))).not.toBe(identityOf(run('c')));
  });
});
