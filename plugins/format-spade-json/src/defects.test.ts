import type { RawOptions } from '@camflow/api';
import {
  ContextTable,
  formatRecords,
  NameTable,
  nodeIdentifier,
  nodeRecord,
  relationRecord,
} from '@camflow/testkit';
import { describe, expect, test } from 'vitest';
import format from './index.ts';

type Line = { type: string; id: string; from?: string; to?: string; annotations: Record<string, unknown> };
type Surroundings = Parameters<typeof formatRecords>[4];

async function lines(options: RawOptions, record: Uint8Array, more: Surroundings = {}): Promise<Line[]> {
  const kind = record.length % 4280 === 0 ? 'long' : 'short';
  const { units } = await formatRecords(format, options, record, kind, more);
  return units.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as Line);
}

async function annotations(
  options: RawOptions,
  record: Uint8Array,
  more: Surroundings = {},
): Promise<Line['annotations']> {
  return (await lines(options, record, more))[0]!.annotations;
}

const identifierOf = (record: Uint8Array): Uint8Array => record.slice(0, 32);

describe.each(['default', 'camflow'])('defects of CamFlow, mended in dialect %s', (dialect) => {
  const options = { dialect };

  test.each([
    ['quotes', '"'],
    ['control characters', '\u0001'],
    ['backslashes', '\\'],
  ])('D1, D2: an argument of 4,096 %s comes out whole', async (_, character) => {
    const value = character.repeat(4096);
    expect(await annotations(options, nodeRecord('argv', { value }))).toMatchObject({ value });
  });

  test('D4, D5: text keeps every character', async () => {
    const awkward = '/a "b"\\c\n\t\r\u0001\u007f ~é日😀';
    expect(await annotations(options, nodeRecord('path', { name: awkward }))).toMatchObject({
      pathname: awkward,
    });
    expect(await annotations(options, nodeRecord('string', { str: awkward }))).toMatchObject({
      log: awkward,
    });
    expect(await annotations(options, nodeRecord('xattr', { name: awkward }))).toMatchObject({
      name: awkward,
    });
    expect(await annotations(options, nodeRecord('machine', { nodename: awkward }))).toMatchObject({
      u_nodename: awkward,
    });
    const names = new NameTable();
    const path = nodeRecord('path', { id: 7, name: awkward });
    names.set(identifierOf(path), Buffer.from(awkward));
    const securityContexts = new ContextTable([[5, awkward]]);
    const file = nodeRecord('file', { name_id: identifierOf(path), secid: 5 });
    expect(await annotations(options, file, { names, securityContexts })).toMatchObject({
      'cf:name': awkward,
      secctx: awkward,
    });
  });

  test('D6: disclosed nodes are written, and what was disclosed is merged', async () => {
    const [line] = await lines(
      options,
      nodeRecord('disc_entity', { content: '"cf:key":"a\\"b","n":12345678901234567890' }),
    );
    expect(line).toMatchObject({
      type: 'Entity',
      annotations: { 'cf:key': 'a"b', object_type: 'disc_entity' },
    });
    const { text } = await formatRecords(
      format,
      options,
      nodeRecord('disc_agent', { content: '"n":12345678901234567890' }),
      'long',
    );
    expect(text).toContain('"n":12345678901234567890}}\n');
  });

  test('disclosed text cannot forge or break an attribute', async () => {
    const forged = nodeRecord('disc_activity', {
      id: 9,
      content: '"object_id":"1","x":{"a":1},"x":{"a":[2,\n3]}',
    });
    const result = await annotations(options, forged);
    expect(result).toMatchObject({ object_id: '9', disclosed_object_id: '1' });
    expect(result.x).toEqual(dialect === 'camflow' ? { a: [2, 3] } : '{"a":[2,3]}');
    for (const content of ['"a":1},{"b":2', '"unfinished', '}', '"a":"\n"']) {
      expect(await annotations(options, nodeRecord('disc_entity', { content }))).toMatchObject({ content });
    }
    const overwritten = nodeRecord('disc_entity', { content: '"type":"t","id":7,"disclosed_id":8' });
    const kept = await annotations(options, overwritten);
    expect(kept).toMatchObject({ disclosed_type: 't', disclosed_id: 7, disclosed_disclosed_id: 8 });
    expect(kept).not.toHaveProperty('type');
    expect(kept).not.toHaveProperty('id');
    const long = nodeRecord('disc_entity', { content: '"a":1', length: 2n ** 63n });
    expect(await annotations(options, long)).toMatchObject({ a: 1 });
  });

  test('D7: strings are written', async () => {
    const [line] = await lines(options, nodeRecord('string', { str: 'hello' }));
    expect(line).toMatchObject({ type: 'Entity', annotations: { object_type: 'string', log: 'hello' } });
  });

  test('D8: inode numbers and sizes keep their upper half', async () => {
    const ino = 2n ** 53n + 1n;
    expect(await annotations(options, nodeRecord('file', { ino }))).toMatchObject({ ino: String(ino) });
    expect(await annotations(options, nodeRecord('file', { ino: 2n ** 40n }))).toMatchObject({
      ino: dialect === 'camflow' ? 2 ** 40 : String(2 ** 40),
    });
    expect(await annotations(options, nodeRecord('xattr', { size: 2n ** 64n - 1n }))).toMatchObject({
      size: '18446744073709551615',
    });
  });

  test('D9: what a packet says is in the byte order of people', async () => {
    const packet = nodeRecord('packet', {
      packet_id: 0x1234,
      seq: 0xdeadbeef,
      len: 60,
      snd_ip: '10.0.2.15',
      snd_port: 80,
      rcv_ip: '255.0.0.1',
      rcv_port: 65535,
    });
    expect(await annotations(options, packet)).toMatchObject({
      ...(dialect === 'camflow' ? { packet_id: 0x1234, ih_len: 60 } : { object_id: '4660', length: 60 }),
      seq: 0xdeadbeef,
      sender: '10.0.2.15:80',
      receiver: '255.0.0.1:65535',
    });
  });

  test('D14: no byte beyond the array is published', async () => {
    const content = Buffer.alloc(4096, 0xa5);
    const record = nodeRecord('packet_content', { content, length: 100_000n, truncated: 1 });
    record.fill(0x5a, 4256);
    expect(await annotations(options, record)).toMatchObject({
      content: content.toString('base64'),
      length: dialect === 'camflow' ? 100_000 : '100000',
      truncated: 'true',
    });
  });

  test('D28: every class of relation is written, whatever the output', async () => {
    const names = ['read', 'write', 'clone', 'load_module', 'ran_on', 'named'];
    const types = [];
    for (const name of names) types.push((await lines(options, relationRecord(name)))[0]!.type);
    expect(types).toEqual([
      'Used',
      'WasGeneratedBy',
      'WasInformedBy',
      'WasInfluencedBy',
      'WasAssociatedWith',
      'WasDerivedFrom',
    ]);
  });

  test('edges point from effect to cause', async () => {
    const snd = nodeIdentifier({ type: 'file', id: 1 });
    const rcv = nodeIdentifier({ type: 'task', id: 2 });
    const [line] = await lines(
      options,
      relationRecord('read', { snd, rcv, set: 1, offset: 12, allowed: 1, flags: 0xfbn }),
    );
    expect(line).toMatchObject({
      from: Buffer.from(rcv).toString('base64'),
      to: Buffer.from(snd).toString('base64'),
    });
    expect(line!.annotations).toMatchObject({
      from_type: 'task',
      to_type: 'file',
      offset: '12',
      allowed: 'false',
      flags: 'fb',
    });
  });
});

describe('what the default dialect has beyond CamFlow', () => {
  test('D12: nodes, packets and relations use the same keys', async () => {
    const records = [nodeRecord('task'), nodeRecord('shm'), nodeRecord('packet'), relationRecord('read')];
    for (const record of records) {
      const keys = Object.keys(await annotations({}, record));
      expect(keys).toEqual(expect.arrayContaining(['cf:date', 'cf:epoch', 'cf:jiffies']));
      for (const key of ['epoch', 'jiffies', 'cf:mode', 'ih_len']) expect(keys).not.toContain(key);
    }
  });

  test('D13: dates are ISO 8601, from the batch', async () => {
    const capturedAtMs = Date.UTC(2020, 6, 11, 10, 41, 28, 7);
    expect(await annotations({}, nodeRecord('task'), { capturedAtMs })).toMatchObject({
      'cf:date': '2020-07-11T10:41:28.007Z',
    });
    expect(await annotations({ dialect: 'camflow' }, nodeRecord('task'), { capturedAtMs })).toMatchObject({
      'cf:date': '2020:07:11T10:41:28',
    });
    for (const odd of [Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(await annotations({}, nodeRecord('task'), { capturedAtMs: odd })).toHaveProperty('cf:date');
    }
  });

  test('D16: empty text is there, and is left out in dialect camflow', async () => {
    for (const [record, key] of [
      [nodeRecord('path'), 'pathname'],
      [nodeRecord('argv'), 'value'],
      [nodeRecord('machine'), 'u_sysname'],
      [nodeRecord('packet_content'), 'content'],
    ] as const) {
      expect(await annotations({}, record)).toHaveProperty([key], '');
      expect(await annotations({ dialect: 'camflow' }, record)).not.toHaveProperty([key]);
    }
  });

  test('D17: a machine is an agent, and an entity in dialect camflow', async () => {
    expect((await lines({}, nodeRecord('machine')))[0]!.type).toBe('Agent');
    expect((await lines({ dialect: 'camflow' }, nodeRecord('machine')))[0]!.type).toBe('Entity');
  });

  test('bytes that are not UTF-8 can be told apart, or are replaced', async () => {
    const record = nodeRecord('argv', { value: Buffer.from([0x61, 0xff, 0xe2, 0x82, 0x62]) });
    expect(await annotations({}, record)).toMatchObject({ value: 'a\uefff\uefe2\uef82b' });
    expect(await annotations({ invalid_utf8: 'replace' }, record)).toMatchObject({ value: 'a\ufffd\ufffdb' });
    expect(await annotations({ dialect: 'camflow' }, record)).toMatchObject({ value: 'a\ufffd\ufffdb' });
  });

  test('a security context of any length comes out whole', async () => {
    const context = 'é"'.repeat(500_000);
    const securityContexts = new ContextTable([[3, context]]);
    const records = Buffer.concat([nodeRecord('task'), nodeRecord('task', { secid: 3 }), nodeRecord('task')]);
    const secctx = (await lines({}, records, { securityContexts })).map((line) => line.annotations.secctx);
    expect(secctx).toEqual(['0', context, '0']);
  });
});

describe('socket addresses', () => {
  const inet = Buffer.from('02001f907f000001'.padEnd(32, '0'), 'hex');
  const inet6 = Buffer.from(`0a001f9000000000${'fe80'.padEnd(28, '0')}000102000000`, 'hex');
  const local = Buffer.from('\x01\x00/run/s"ock\0');
  const abstract = Buffer.from('\x01\x00\0name');
  const cases: [string, Uint8Array, bigint | undefined, object, object][] = [
    [
      'IPv4',
      inet,
      16n,
      { address_family: 'AF_INET', host: '127.0.0.1', service: '8080' },
      { type: 'AF_INET', host: '127.0.0.1', service: '8080' },
    ],
    [
      'IPv6 with a scope',
      inet6,
      28n,
      { address_family: 'AF_INET6', host: 'fe80::1%2' },
      { type: 'AF_INET6', host: 'fe80::1%2' },
    ],
    [
      'a path',
      local,
      undefined,
      { address_family: 'AF_UNIX', path: '/run/s"ock' },
      { type: 'AF_UNIX', path: '/run/s"ock' },
    ],
    [
      'an abstract name',
      abstract,
      undefined,
      { address_family: 'AF_UNIX', path: '@name' },
      { type: 'AF_UNIX' },
    ],
    [
      'too short an address',
      inet,
      8n,
      { address_family: 'AF_INET', address_bytes: '1f907f000001' },
      { type: 'AF_INET', host: 'could not resolve', error: 'ai_family not supported' },
    ],
    [
      'another family',
      Buffer.from('10000102', 'hex'),
      undefined,
      { address_family: '16', address_bytes: '0102' },
      { type: 16, service: 'could not resolve' },
    ],
    ['an absurd length', inet, 2n ** 64n - 1n, { host: '127.0.0.1' }, { host: '127.0.0.1' }],
  ];

  test.each(cases)('%s', async (_, addr, length, expected, camflow) => {
    const record = nodeRecord('address', { addr, ...(length !== undefined && { length }) });
    expect(await annotations({}, record)).toMatchObject(expected);
    expect(await annotations({ dialect: 'camflow' }, record)).toMatchObject(camflow);
  });
});
