import type { RawOptions } from '@camflow/api';
import { formatRecords, nodeIdentifier, nodeRecord, relationRecord } from '@camflow/testkit';
import { describe, expect, test } from 'vitest';
import format from './index.ts';

type Entry = Record<string, unknown>;
type Document = Record<string, Record<string, Entry>>;

async function documents(options: RawOptions, ...records: Uint8Array[]): Promise<Document[]> {
  const kind = records[0]!.length === 4280 ? 'long' : 'short';
  const { units } = await formatRecords(format, options, Buffer.concat(records), kind);
  return units.map(({ bytes }) => JSON.parse(Buffer.from(bytes).toString()) as Document);
}

async function entry(options: RawOptions, record: Uint8Array, section = 'entity'): Promise<Entry> {
  const [document] = await documents(options, record);
  return Object.values(document![section]!)[0]!;
}

describe.each(['default', 'camflow'])('defects of CamFlow, mended in dialect %s', (dialect) => {
  const options = { dialect };

  test.each([
    ['argv', 'value', 'cf:value', '[argv] '],
    ['path', 'name', 'cf:pathname', '[path] '],
    ['string', 'str', 'cf:log', '[log] '],
  ])('D1, D2: %s of 4,096 quotes comes out whole, twice', async (type, field, key, label) => {
    const text = '"'.repeat(4096);
    expect(await entry(options, nodeRecord(type, { [field]: text }))).toMatchObject({
      [key]: text,
      'prov:label': label + text,
    });
  });

  test('D4, D5: text keeps every character', async () => {
    const awkward = '/a "b"\\c\n\t\r\u0001\u007f ~é日😀';
    expect(await entry(options, nodeRecord('path', { name: awkward }))).toMatchObject({
      'cf:pathname': awkward,
      'prov:label': `[path] ${awkward}`,
    });
  });

  test('D6: disclosed nodes of every class are written', async () => {
    const parent = nodeIdentifier({ type: 'task', id: 4 });
    for (const [type, section] of [
      ['disc_entity', 'entity'],
      ['disc_activity', 'activity'],
      ['disc_agent', 'agent'],
    ] as const) {
      const record = nodeRecord(type, {
        content: '"cf:a":1,"prov:label":"mine","prov:type":"forged"',
        parent,
      });
      expect(await entry(options, record, section)).toMatchObject({
        'prov:type': type,
        'cf:a': 1,
        'cf:hasParent': `cf:${Buffer.from(parent).toString('base64')}`,
        'prov:label': 'mine',
        ...(dialect === 'camflow' ? { 'cf:disclosed_type': 'forged' } : { 'cf:prov:type': 'forged' }),
      });
    }
  });

  test('D8: inode numbers keep their upper half', async () => {
    const ino = 2n ** 64n - 1n;
    expect(await entry(options, nodeRecord('file', { ino }))).toMatchObject({ 'cf:ino': String(ino) });
  });

  test('D9: what a packet says is in the byte order of people', async () => {
    const packet = nodeRecord('packet', { packet_id: 0x1234, seq: 0xdeadbeef, len: 60, snd_ip: '1.2.3.4' });
    expect(await entry(options, packet)).toMatchObject({
      'cf:id': dialect === 'camflow' ? 0x1234 : '4660',
      'cf:seq': 0xdeadbeef,
      [dialect === 'camflow' ? 'cf:len' : 'cf:length']: 60,
      'prov:label': '[packet] 1.2.3.4:0->0.0.0.0:0 (4660)',
    });
  });

  test('D10: the epoch of a node is whole', async () => {
    expect(await entry(options, nodeRecord('task', { epoch: 257 }), 'activity')).toMatchObject({
      'cf:epoch': 257,
    });
    expect(await entry(options, nodeRecord('task', { epoch: 0xffffffff }), 'activity')).toMatchObject({
      'cf:epoch': 0xffffffff,
    });
  });

  test('D11: a document closes before an identifier would repeat', async () => {
    const [a, b] = [nodeRecord('task', { id: 1 }), nodeRecord('task', { id: 2 })];
    const keys = (await documents(options, a, b, a, a)).map(({ activity }) => Object.keys(activity!).length);
    expect(keys).toEqual([2, 1, 1]);
  });

  test('D14: no byte beyond the array is published', async () => {
    const content = Buffer.alloc(4096, 0xa5);
    const record = nodeRecord('packet_content', { content, length: 2n ** 63n });
    expect(await entry(options, record)).toMatchObject({ 'cf:content': content.toString('base64') });
  });

  test('D28: every class of relation has its section and the keys of its ends', async () => {
    const [snd, rcv] = [nodeIdentifier({ type: 'task', id: 1 }), nodeIdentifier({ type: 'file', id: 2 })];
    const [from, to] = [snd, rcv].map((id) => `cf:${Buffer.from(id).toString('base64')}`);
    for (const [type, section, sender, receiver] of [
      ['read', 'used', 'prov:entity', 'prov:activity'],
      ['write', 'wasGeneratedBy', 'prov:activity', 'prov:entity'],
      ['clone', 'wasInformedBy', 'prov:informant', 'prov:informed'],
      ['load_module', 'wasInfluencedBy', 'prov:influencer', 'prov:influencee'],
      ['ran_on', 'wasAssociatedWith', 'prov:agent', 'prov:activity'],
      ['named', 'wasDerivedFrom', 'prov:usedEntity', 'prov:generatedEntity'],
    ] as const) {
      expect(await entry(options, relationRecord(type, { snd, rcv }), section)).toMatchObject({
        'prov:type': type,
        [sender]: from,
        [receiver]: to,
      });
    }
  });
});

describe('documents', () => {
  test('stay within the size that is asked for, and none is empty', async () => {
    const records = Array.from({ length: 500 }, (_, id) => nodeRecord('task', { id: id + 1 }));
    for (const unit_bytes of ['1024', '5000', '65536']) {
      const { units } = await formatRecords(format, { unit_bytes }, Buffer.concat(records), 'short');
      expect(units.reduce((sum, unit) => sum + unit.records, 0)).toBe(500);
      const sizes = units.map((unit) => unit.bytes.length);
      expect(Math.max(...sizes)).toBeLessThanOrEqual(Number(unit_bytes));
      expect(sizes[0]).toBeGreaterThan(Number(unit_bytes) - 1024);
      for (const unit of units) {
        const { activity } = JSON.parse(Buffer.from(unit.bytes).toString()) as Document;
        expect(Object.keys(activity!)).toHaveLength(unit.records);
      }
    }
  });

  test('a record larger than a document stands alone', async () => {
    const records = ['a', 'b'].map((c) =>
      nodeRecord('path', { name: '\u0001'.repeat(4000) + c, id: c.charCodeAt(0) }),
    );
    const { units } = await formatRecords(format, { unit_bytes: '1024' }, Buffer.concat(records), 'long');
    expect(units.map((unit) => unit.records)).toEqual([1, 1]);
  });

  test.each(['1023', '4194305', '-1', '64k', ''])('a size of %j is refused', async (unit_bytes) => {
    await expect(formatRecords(format, { unit_bytes }, nodeRecord('task'), 'short')).rejects.toThrow(
      'unit_bytes',
    );
  });
});

describe('the default dialect', () => {
  test('D16: empty text is there, and is left out in dialect camflow', async () => {
    expect(await entry({}, nodeRecord('path'))).toHaveProperty(['cf:pathname'], '');
    expect(await entry({ dialect: 'camflow' }, nodeRecord('path'))).not.toHaveProperty(['cf:pathname']);
  });

  test('D17: tasks have a security context, as in SPADE', async () => {
    expect(await entry({}, nodeRecord('task', { secid: 31 }), 'activity')).toMatchObject({
      'cf:secctx': '1f',
    });
    expect(await entry({ dialect: 'camflow' }, nodeRecord('task'), 'activity')).not.toHaveProperty([
      'cf:secctx',
    ]);
  });

  test('used and generated carry the time, beside the date that parsers of CamFlow expect', async () => {
    const used = await entry({}, relationRecord('read'), 'used');
    expect(used).toMatchObject({ 'cf:date': '2023:11:14T22:13:20', 'prov:time': '2023-11-14T22:13:20.000Z' });
    expect(await entry({}, relationRecord('clone'), 'wasInformedBy')).not.toHaveProperty(['prov:time']);
  });

  test('an address is plain text and its parts', async () => {
    const addr = Buffer.from(`0a00005000000000${'01'.padStart(32, '0')}00000000`, 'hex');
    expect(await entry({}, nodeRecord('address', { addr }))).toMatchObject({
      'cf:address': '[::1]:80',
      'cf:address_family': 'AF_INET6',
      'cf:address_host': '::1',
      'cf:address_service': '80',
      'prov:label': '[address] IPV6 ::1 (80)',
    });
    expect(await entry({ dialect: 'camflow' }, nodeRecord('address', { addr }))).toMatchObject({
      'cf:address': { type: 'AF_INET6', host: '::1', service: '80' },
    });
    const abstract = Buffer.from('\x01\x00\0bus');
    expect(await entry({}, nodeRecord('address', { addr: abstract }))).toMatchObject({
      'cf:address': '@bus',
    });
    expect(await entry({ dialect: 'camflow' }, nodeRecord('address', { addr: abstract }))).toMatchObject({
      'cf:address': { type: 'AF_UNIX', path: '' },
    });
  });
});
