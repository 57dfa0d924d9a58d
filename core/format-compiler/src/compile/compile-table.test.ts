import type { RecordType } from '@camflow/api';
import { abiCamflow09 } from '@camflow/api';
import {
  ContextTable,
  createMemory,
  createRecordBatch,
  NameTable,
  nodeIdentifier,
  nodeRecord,
} from '@camflow/testkit';
import { describe, expect, test } from 'vitest';
import { TextTooLong } from '../lookup/rendered-texts.ts';
import { type Attribute, number, string, when } from '../table/attribute.ts';
import { decimal, hex, identifier, nodeName, securityContext, text } from '../table/content.ts';
import { describeAttributes } from '../table/describe-attributes.ts';
import { type CompiledTable, compileTable } from './compile-table.ts';

const attributes: Attribute[] = [
  number('pid', 'process id', decimal('pid')),
  string('name', 'name', '<', nodeName, '>'),
  string('context', 'context', securityContext),
  when({ positive: 'utime' }, string('utime', 'user time', decimal('utime'), '/', hex('utime'))),
];

function compile(
  bytes: Uint8Array,
  given: readonly Attribute[] = attributes,
  maxTextBytes = 1000,
  type = 'task',
): CompiledTable & { readonly memory: Uint8Array } {
  const memory = createMemory(bytes.length);
  const table = ({ name }: RecordType) =>
    name === type
      ? { section: 'all', open: ['{"id":"', identifier('identifier'), '",'], attributes: given, close: '}' }
      : undefined;
  const target = {
    memory,
    abi: abiCamflow09,
    invalidUtf8: 'escape',
    nodeNames: 'exact',
    maxTextBytes,
  } as const;
  return { ...compileTable(table, { ...target, outBytes: (most) => most * 2 }), memory };
}

/** What the table makes of the records, one text for each. */
function format(
  records: readonly Uint8Array[],
  surroundings: { names?: NameTable; securityContexts?: ContextTable } = {},
  compiled: ReturnType<typeof compile> = compile(Buffer.concat(records)),
): string[] {
  const kind = records[0]!.length === 256 ? 'short' : 'long';
  const batch = createRecordBatch({
    ...surroundings,
    bytes: Buffer.concat(records),
    kind,
    memory: compiled.memory,
  });
  compiled.begin(batch);
  return Array.from({ length: batch.count }, (_, i) => {
    const end = compiled.writers[batch.types[i]!]!(7, batch.offsets[i]! >>> 2, batch.types[i]!);
    return Buffer.from(compiled.out.subarray(7, end)).toString();
  });
}

describe('a compiled table', () => {
  test('writes what the attributes say', () => {
    const names = new NameTable();
    const nameId = nodeIdentifier({ type: 'path', id: 3 });
    names.set(nameId, Buffer.from('a"b'));
    const securityContexts = new ContextTable([[5, 'x\ty']]);
    const records = [
      nodeRecord('task', { pid: 7, name_id: nameId, secid: 5, utime: 255 }),
      nodeRecord('task', { pid: 4_294_967_295, secid: 0xfffffffe }),
    ];
    const texts = format(records, { names, securityContexts }).map((line) =>
      line.replace(/"[\w+/=]{44}"/, '0'),
    );
    expect(texts).toEqual([
      '{"id":0,"pid":7,"name":"<a\\"b>","context":"x\\ty","utime":"255/ff"}',
      '{"id":0,"pid":4294967295,"context":"fffffffe"}',
    ]);
  });

  test('forgets names and contexts when they lose their meaning', () => {
    const names = new NameTable();
    const securityContexts = new ContextTable([[5, 'before']]);
    const nameId = nodeIdentifier({ type: 'path', id: 3 });
    const record = nodeRecord('task', { name_id: nameId, secid: 5 });
    const compiled = compile(record);
    names.set(nameId, Buffer.from('old'));
    expect(format([record], { names, securityContexts }, compiled)[0]).toContain(
      '"<old>","context":"before"',
    );
    names.clear();
    names.set(nameId, Buffer.from('new'));
    securityContexts.replace([[5, 'after']]);
    expect(format([record], { names, securityContexts }, compiled)[0]).toContain('"<new>","context":"after"');
  });

  test('says so where a text is longer than it was compiled for', () => {
    const securityContexts = new ContextTable([[5, 'x'.repeat(1001)]]);
    expect(() => format([nodeRecord('task', { secid: 5 })], { securityContexts })).toThrow(TextTooLong);
  });

  test('knows the most bytes that a record takes', () => {
    const record = nodeRecord('argv', { value: '\u0001'.repeat(4096) });
    const given = [string('a', '', text('value')), string('b', '', text('value'))];
    const compiled = compile(record, given, 10, 'argv');
    const [line] = format([record], {}, compiled);
    expect(JSON.parse(line!)).toMatchObject({ a: '\u0001'.repeat(4096), b: '\u0001'.repeat(4096) });
    expect(compiled.maxRecordBytes).toBeGreaterThan(line!.length);
    expect(compiled.maxRecordBytes).toBeLessThan(line!.length + 1000);
  });

  test('refuses batches of other memory', () => {
    const record = nodeRecord('task');
    expect(() => compile(record).begin(createRecordBatch({ bytes: record, kind: 'short' }))).toThrow(
      'outside',
    );
  });

  test.each([
    ['a conditional first attribute', [attributes[1]!], 'first attribute'],
    ['text that is not ASCII', [string('é', '')], 'must be ASCII'],
    ['a field that does not exist', [number('a', '', decimal('nothing'))], 'no field nothing'],
  ])('refuses %s', (_, given, message) => {
    expect(() => compile(nodeRecord('task'), given)).toThrow(message);
  });

  test('is described as data', () => {
    const described = describeAttributes({ section: '', open: [], attributes, close: '' });
    expect(described.map(({ key, form, presence }) => `${key} ${form} ${presence}`)).toEqual([
      'pid number always',
      'name string where a name is known',
      'context string always',
      'utime string where utime is above 0',
    ]);
  });
});
