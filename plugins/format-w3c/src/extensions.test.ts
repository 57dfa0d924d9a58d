import { type Abi, abiBpf1, abiCamflow09 } from '@camflow/api';
import { formatRecords, nodeRecord, relationRecord } from '@camflow/testkit';
import { expect, test } from 'vitest';
import formatW3c from './index.ts';

async function attributesOf(record: Uint8Array, abi: Abi): Promise<Record<string, unknown>> {
  const { text } = await formatRecords(formatW3c, {}, record, abi === abiBpf1 ? 'mixed' : 'long', { abi });
  return Object.values((JSON.parse(text) as { entity: Record<string, Record<string, unknown>> }).entity)[0]!;
}

const packet = nodeRecord(
  'packet6',
  {
    id: 9,
    snd_ip6: '2001:db8::1:0:0:1',
    rcv_ip6: '::1',
    snd_port: 443,
    rcv_port: 50_000,
    len: 1234,
    protocol: 6,
    seq: 4_000_000_000,
  },
  abiBpf1,
);

test('a packet of IPv6 comes with all that is known of it', async () => {
  expect(await attributesOf(packet, abiBpf1)).toMatchObject({
    'cf:seq': 4_000_000_000,
    'cf:sender': '[2001:db8::1:0:0:1]:443',
    'cf:receiver': '[::1]:50000',
    'cf:protocol': 6,
    'cf:length': 1234,
  });
});

test.each([abiBpf1, abiCamflow09])('the value of an extended attribute is published: $id', async (abi) => {
  const value = Uint8Array.of(0, 1, 254, 255);
  const record = nodeRecord('xattr', { name: 'user.mood', value, size: 4000 }, abi);
  const kept = abi === abiBpf1 ? value : Buffer.concat([value], 3840);
  expect(await attributesOf(record, abi)).toMatchObject({
    'cf:name': 'user.mood',
    'cf:size': '4000',
    'cf:value': Buffer.from(kept).toString('base64'),
  });
});

test("what CamFlow cannot express is left out in CamFlow's dialect", async () => {
  for (const record of [packet, relationRecord('signal', {}, abiBpf1)]) {
    const options = { dialect: 'camflow' };
    const { units, dropped } = await formatRecords(formatW3c, options, record, 'mixed', { abi: abiBpf1 });
    expect(units).toEqual([]);
    expect(dropped).toEqual(new Map([['filtered', 1]]));
  }
});
