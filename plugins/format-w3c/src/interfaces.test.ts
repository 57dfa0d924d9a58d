import { type Abi, abiBpf1, abiCamflow09 } from '@camflow/api';
import {
  ContextTable,
  completeStoryRecords,
  createStory,
  formatRecords,
  NameTable,
  nodeRecord,
} from '@camflow/testkit';
import { expect, test } from 'vitest';
import formatW3c from './index.ts';

/** What becomes of one and the same story, told in records of an interface. */
async function textOf(abi: Abi): Promise<string> {
  const story = createStory({ records: completeStoryRecords, abi });
  const chunks = Array.from(story.chunks(), ({ stream, bytes }) => ({ stream, bytes: bytes.slice() }));
  const names = new NameTable();
  for (const { stream, bytes } of chunks) if (stream.kind !== 'short') names.learn(bytes, abi);
  const surroundings = { abi, names, securityContexts: new ContextTable(story.securityContexts) };
  let all = '';
  for (const { stream, bytes } of chunks) {
    const { text, malformed } = await formatRecords(formatW3c, {}, bytes, stream.kind, surroundings);
    expect(malformed).toBe(0);
    all += text;
  }
  return all;
}

/** The entries of a story, without order: the streams of the two interfaces are interleaved differently. */
async function entriesOf(abi: Abi): Promise<string[]> {
  return (await textOf(abi))
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => Object.entries(JSON.parse(line) as Record<string, object>))
    .filter(([section]) => section !== 'prefix')
    .flatMap(([section, entries]) => Object.entries(entries).map((entry) => JSON.stringify([section, entry])))
    .sort();
}

test('a story gives the same attributes in records of either interface', async () => {
  const [expected, actual] = [await entriesOf(abiCamflow09), await entriesOf(abiBpf1)];
  expect(expected.length).toBeGreaterThan(completeStoryRecords * 0.9);
  expect(actual).toEqual(expected);
});

test('text of any length comes out whole', async () => {
  const value = '"\u00e9\\'.repeat(40_000).slice(0, 100_000 / 2);
  const record = nodeRecord('argv', { id: 3, value }, abiBpf1);
  const { text, units } = await formatRecords(formatW3c, {}, record, 'mixed', { abi: abiBpf1 });
  expect(units.length).toBe(1);
  expect(Object.values((JSON.parse(text) as { entity: object }).entity)[0]['cf:value']).toBe(value);
});
