import { hashRecordFilter, type RawOptions } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { filterOptions } from './filter-options.ts';
import policyFilter from './index.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };
const capabilities = { finite: true, rereadable: true, heldBatches: 0, pushDown: [] };

async function validate(raw: RawOptions) {
  return filterOptions.schema['~standard'].validate(raw);
}

async function compile(raw: RawOptions) {
  const result = await validate(raw);
  if (result.issues) throw new Error(result.issues[0]!.message);
  return policyFilter.create(result.value, { log, section: 'filter' }).compile(capabilities);
}

describe('rules', () => {
  test('drop listed nodes, relations that touch them, and listed relations', async () => {
    const { filter } = await compile({ node_filter: ['envp', 'directory'], relation_filter: 'read' });
    const nodes = ['directory', 'envp'];
    expect(filter?.rules).toEqual([
      { action: 'drop', nodes },
      { action: 'drop', relations: ['*'], where: [{ field: 'snd.type', op: 'in', values: nodes }] },
      { action: 'drop', relations: ['*'], where: [{ field: 'rcv.type', op: 'in', values: nodes }] },
      { action: 'drop', relations: ['read'] },
    ]);
  });

  test('are none where nothing is listed: the policy is that of recording everything', async () => {
    expect(await compile({})).toEqual({ hash: hashRecordFilter(null), pushDown: null, filter: null });
  });

  test('do not depend on the order of lines', async () => {
    const one = await compile({ node_filter: ['file', 'task'], relation_filter: ['read', 'write'] });
    const other = await compile({
      relation_filter: ['write', 'read', 'read'],
      node_filter: ['task', 'file'],
    });
    expect(other).toEqual(one);
    expect((await compile({ node_filter: ['file'] })).hash).not.toBe(one.hash);
  });
});

describe('options', () => {
  test.each([
    ['node_filter', 'direktory', 'directory'],
    ['node_filter', 'process-memory', 'process_memory'],
    ['relation_filter', 'versoin_entity', 'version_entity'],
  ])('%s=%s is refused, naming %s', async (key, wrong, nearest) => {
    const result = await validate({ [key]: ['link', wrong] });
    expect(result.issues).toHaveLength(1);
    expect(result.issues![0]!.message).toMatch(
      new RegExp(`^'${wrong}' is not a \\w+ type; did you mean '${nearest}'\\?$`),
    );
    const [first] = result.issues![0]!.path!;
    expect(typeof first === 'object' ? first.key : first).toBe(key);
  });

  test('accept every type of the model, and only under its own key', async () => {
    expect(
      (await validate({ node_filter: ['string', 'link'], relation_filter: ['ran_on', 'link'] })).issues,
    ).toBe(undefined);
    expect((await validate({ node_filter: 'read' })).issues).toHaveLength(1);
  });
});
