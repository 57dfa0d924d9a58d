import { type FilterRule, type RecordType, type RecordView, recordTypes } from '@camflow/api';
import { keeps } from '@camflow/testkit';
import { describe, expect, test } from 'vitest';
import { type LeftOut, leftOutBy, nothingLeftOut } from './left-out.ts';
import { relationKey } from './relation-counts.ts';

const nodes = recordTypes.filter(({ category }) => category === 'node');
const relations = recordTypes.filter(({ category }) => category === 'relation');
const subtype = ({ code }: RecordType): bigint => code & ((1n << 48n) - 1n);

/** As much of a record as filters look at. */
function viewOf(type: RecordType, from?: RecordType, to?: RecordType): RecordView {
  const identifier = (end: RecordType | undefined): string | undefined => {
    if (end === undefined) return undefined;
    const bytes = Buffer.alloc(32);
    bytes.writeBigUInt64LE(end.code);
    return bytes.toString('base64');
  };
  const view = { type, from: identifier(from), to: identifier(to), fieldNames: [] };
  return view as unknown as RecordView;
}

/** Every kind of record that the programs write: by type, and by the types of its ends. */
function* records(leftOut: LeftOut): Generator<{ view: RecordView; leaves: boolean; what: string }> {
  for (const type of nodes) {
    const leaves = (leftOut.nodes & subtype(type)) !== 0n;
    yield { view: viewOf(type), leaves, what: type.name };
  }
  for (const type of relations) {
    const ends = leftOut.relations.get(relationKey(type)) ?? { from: 0n, to: 0n };
    for (const from of nodes) {
      for (const to of nodes) {
        const leaves = ((ends.from & subtype(from)) | (ends.to & subtype(to))) !== 0n;
        yield { view: viewOf(type, from, to), leaves, what: `${type.name} ${from.name} > ${to.name}` };
      }
    }
  }
}

const drop = (rule: Omit<FilterRule, 'action'>): FilterRule => ({ action: 'drop', ...rule });
const keep = (rule: Omit<FilterRule, 'action'>): FilterRule => ({ action: 'keep', ...rule });
const ends = (field: string, ...values: string[]) => ({ field, op: 'in' as const, values });
const directories = [
  drop({ nodes: ['directory'] }),
  drop({ relations: ['*'], where: [ends('snd.type', 'directory')] }),
  drop({ relations: ['*'], where: [ends('rcv.type', 'directory')] }),
];

const exact: Readonly<Record<string, readonly FilterRule[]>> = {
  'types of relations': [drop({ relations: ['read', 'ran_on', 'signal', 'sh_file'] })],
  'types of nodes, with their relations': directories,
  'a name of both a node and a relation': [
    drop({ nodes: ['link'] }),
    drop({ relations: ['packet_content'] }),
  ],
  'relations of one type from one type': [
    drop({ relations: ['read'], where: [ends('snd.type', 'pipe', 'char')] }),
  ],
  'ends by a mask': [
    drop({ relations: ['*'], where: [{ field: 'snd.type', op: 'mask', values: ['0x400', '512'] }] }),
  ],
  'all but one type': [keep({ relations: ['read'] }), drop({ relations: ['*'] })],
  everything: [drop({})],
};

const partial: Readonly<Record<string, readonly FilterRule[]>> = {
  'all but what comes from files': [
    keep({ relations: ['*'], where: [ends('snd.type', 'file')] }),
    ...directories,
  ],
  'both ends together': [
    drop({ relations: ['*'], where: [ends('snd.type', 'task'), ends('rcv.type', 'file')] }),
  ],
  'what is kept by anything else': [
    ...directories,
    keep({ nodes: ['*'], where: [{ field: 'uid', op: 'in', values: ['0'] }] }),
    drop({ nodes: ['file'] }),
  ],
  'what is dropped by anything else': [
    drop({ nodes: ['*'], where: [{ field: 'uid', op: 'in', values: ['0'] }] }),
    drop({ nodes: ['file'] }),
  ],
};

describe('what the programs leave out', () => {
  test.for(Object.entries(exact))('%s: exactly what the filter leaves out', ([, rules]) => {
    let left = 0;
    for (const { view, leaves, what } of records(leftOutBy({ rules }))) {
      if (leaves === keeps({ rules }, view)) throw new Error(`${what}: ${leaves}`);
      if (leaves) left++;
    }
    expect(left).toBeGreaterThan(0);
  });

  test.for(Object.entries(partial))('%s: nothing that the filter keeps', ([, rules]) => {
    const leftOut = leftOutBy({ rules });
    for (const { view, leaves, what } of records(leftOut)) {
      if (leaves && keeps({ rules }, view)) throw new Error(`${what} is kept by the filter`);
    }
  });

  test('is nothing where there is no filter, or nothing in it that they could apply', () => {
    expect(leftOutBy(null)).toEqual(nothingLeftOut);
    expect(leftOutBy({ rules: partial['both ends together']! })).toEqual(nothingLeftOut);
    expect(leftOutBy({ rules: partial['what is dropped by anything else']! }).nodes).toBe(256n);
  });
});
