import { type FilterRule, nodeTypeNamed, recordTypes, relationTypeNamed } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { fileRecord, relationRecord } from '../run/records.test.support.ts';
import { CompiledFilter } from './record-filter.ts';

const file = nodeTypeNamed('file')!.index;
const read = relationTypeNamed('read')!.index;

function memoryOf(record: Buffer): SharedArrayBuffer {
  const memory = new SharedArrayBuffer(512);
  new Uint8Array(memory).set(record, 256);
  return memory;
}

function keeps(rules: readonly FilterRule[], type: number, record: Buffer = fileRecord({ id: 1 })): boolean {
  return new CompiledFilter({ rules }, memoryOf(record)).keeps(type, 256);
}

describe('a record filter', () => {
  test('keeps what no rule matches', () => {
    for (const type of recordTypes) expect(keeps([], type.index)).toBe(true);
    expect(keeps([{ action: 'drop', relations: ['*'] }], file)).toBe(true);
  });

  test('takes the first rule that matches', () => {
    const rules: FilterRule[] = [
      { action: 'keep', nodes: ['file'] },
      { action: 'drop', nodes: ['*'] },
    ];
    expect(keeps(rules, file)).toBe(true);
    expect(keeps(rules, nodeTypeNamed('pipe')!.index)).toBe(false);
    expect(keeps([{ action: 'drop' }], read)).toBe(false);
  });

  test('tells node and relation types of one name apart', () => {
    const rules: FilterRule[] = [{ action: 'drop', relations: ['link'] }];
    expect(keeps(rules, nodeTypeNamed('link')!.index)).toBe(true);
    expect(keeps(rules, relationTypeNamed('link')!.index)).toBe(false);
  });

  test.each<readonly [FilterRule['where'], boolean]>([
    [[{ field: 'secid', op: 'in', values: ['7', '9'] }], true],
    [[{ field: 'secid', op: 'in', values: ['0x9'] }], true],
    [[{ field: 'secid', op: 'in', values: ['8'] }], false],
    [[{ field: 'secid', op: 'mask', values: ['0x10', '0x8'] }], true],
    [[{ field: 'secid', op: 'mask', values: ['6'] }], false],
    [[{ field: 'id', op: 'in', values: ['18446744073709551615'] }], true],
    [[{ field: 'id', op: 'in', values: ['-1'] }], true],
    [[{ field: 'type', op: 'in', values: ['file'] }], true],
    [[{ field: 'type', op: 'in', values: ['read'] }], false],
    [[{ field: 'tgid', op: 'in', values: ['0'] }], false],
    [
      [
        { field: 'secid', op: 'in', values: ['9'] },
        { field: 'id', op: 'in', values: ['1'] },
      ],
      false,
    ],
  ])('where %j of a file node: %s', (where, matches) => {
    const record = fileRecord({ id: 0, secid: 9 });
    record.writeBigUInt64LE(0xffff_ffff_ffff_ffffn, 8);
    expect(keeps([{ action: 'drop', ...(where ? { where } : {}) }], file, record)).toBe(!matches);
  });

  test('looks at the types of both ends of a relation', () => {
    const record = relationRecord('read', 1, 'file', 'task');
    const dropWhere = (field: string, value: string): boolean =>
      !keeps([{ action: 'drop', where: [{ field, op: 'in', values: [value] }] }], read, record);
    expect(dropWhere('snd.type', 'file')).toBe(true);
    expect(dropWhere('rcv.type', 'file')).toBe(false);
    expect(dropWhere('rcv.type', 'task')).toBe(true);
  });

  test.each<FilterRule>([
    { action: 'drop', nodes: ['fiel'] },
    { action: 'drop', relations: ['raed'] },
    { action: 'drop', where: [{ field: 'nope', op: 'in', values: ['1'] }] },
    { action: 'drop', where: [{ field: 'uid', op: 'in', values: ['root'] }] },
    { action: 'drop', where: [{ field: 'snd.type', op: 'in', values: ['nope'] }] },
    { action: 'drop', where: [{ field: 'sb_uuid', op: 'in', values: ['1'] }] },
  ])('refuses %j', (rule) => {
    expect(() => keeps([rule], file)).toThrow(expect.objectContaining({ code: 'PLUGIN_BAD_OPTIONS' }));
  });
});
