import { type RecordBatch, recordTypes } from '@camflow/api';
import spade from '@camflow/format-spade-json';
import w3c from '@camflow/format-w3c';
import {
  ContextTable,
  createMemory,
  createRandom,
  createRecordBatch,
  createStory,
  NameTable,
  randomRecords,
  UnitCollector,
} from '@camflow/testkit';
import { describe, expect, test } from 'vitest';
import { collectNames } from './baseline/collect-names.ts';
import { createSpadeBaseline } from './baseline/spade-baseline.ts';
import { createW3cBaseline } from './baseline/w3c-baseline.ts';

const dialects = ['default', 'camflow'] as const;

/** Batches to compare on, with the names that they need. */
interface Sample {
  readonly memory: Uint8Array;
  readonly batch: RecordBatch;
}

function sample(bytes: Uint8Array, kind: 'short' | 'long', names: NameTable, contexts: ContextTable): Sample {
  const memory = createMemory(bytes.length);
  return { memory, batch: createRecordBatch({ bytes, kind, memory, names, securityContexts: contexts }) };
}

/** Random bytes in every type, half of them thinned out so that small numbers, empty text and zeros occur. */
function randomBytes(kind: 'short' | 'long', seed: number): Uint8Array {
  const bytes = randomRecords(kind, seed, 4);
  const size = kind === 'long' ? 4280 : 256;
  const random = createRandom(seed);
  for (let start = size; start < bytes.length; start += 2 * size) {
    for (let at = start + 8; at < start + size; at++) if (random.below(4) > 0) bytes[at] = 0;
  }
  plausible(bytes, kind, random);
  return bytes;
}

/** Makes some fields plausible, so that the branches behind them are taken. */
function plausible(bytes: Uint8Array, kind: 'short' | 'long', random: ReturnType<typeof createRandom>): void {
  if (kind === 'short') return;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const code = (name: string): bigint => recordTypes.find((type) => type.name === name)!.code;
  const members = Buffer.from(
    '"a":1,"cf:b":"x\\u0001é","c":[1,{"d":null}],"prov:type":"t","e":true,"c":{},"f":-1.5,"type":"x","id":2',
  );
  for (let at = 0; at < bytes.length; at += 4280) {
    const type = view.getBigUint64(at, true);
    if (type === code('address')) {
      view.setUint16(at + 152, [1, 2, 10, 16][random.below(4)]!, true);
      view.setBigUint64(at + 144, [2n, 16n, 28n, 110n, 2n ** 60n][random.below(5)]!, true);
      if (random.below(2) === 0) bytes.fill(0, at + 156, at + 170);
    }
    if (type === code('disc_entity') || type === code('disc_activity') || type === code('disc_agent')) {
      if (random.below(4) === 0) continue;
      bytes.set(members, at + 152);
      view.setBigUint64(at + 144, BigInt(members.length - random.below(2)), true);
    }
  }
}

function samples(): Sample[] {
  const contexts = new ContextTable([
    [0, 'system_u:"object"\\r'],
    [7, ''],
  ]);
  const list: Sample[] = [];
  for (let seed = 1; seed <= 6; seed++) {
    for (const kind of ['short', 'long'] as const) {
      list.push(sample(randomBytes(kind, seed), kind, new NameTable(), contexts));
    }
  }
  const parts = { short: [] as Uint8Array[], long: [] as Uint8Array[], mixed: [] as Uint8Array[] };
  for (const { stream, bytes } of createStory({ records: 6000, seed: 3 }).chunks()) {
    parts[stream.kind].push(Uint8Array.from(bytes));
  }
  const names = new NameTable();
  names.learn(Buffer.concat(parts.long));
  for (const kind of ['long', 'short'] as const)
    list.push(sample(Buffer.concat(parts[kind]), kind, names, contexts));
  return list;
}

const all = samples();
const storyPaths = all.find(({ batch }) => batch.stream.kind === 'long' && batch.count > 600)!.batch;

describe.each(dialects)(
  'in dialect %s, the compiled serialisers and the plain ones agree on every record',
  (dialect) => {
    const invalidUtf8 = dialect === 'camflow' ? 'replace' : 'escape';
    const names = collectNames(storyPaths, dialect);

    test('SPADE JSON', () => {
      for (const { memory, batch } of all) {
        const [ours, theirs] = [new UnitCollector(), new UnitCollector()];
        spade.create({ dialect, invalidUtf8 }, { section: 'spade_json', memory }).format(batch, ours);
        createSpadeBaseline(dialect, names, { section: 'spade_json', memory }).format(batch, theirs);
        const plain = theirs.units();
        const compiled = ours.units();
        expect(compiled).toHaveLength(plain.length);
        for (const [i, line] of compiled.entries()) {
          expect(JSON.parse(line.toString())).toEqual(JSON.parse(plain[i]!.toString()));
        }
      }
    });

    test('PROV-JSON', () => {
      for (const { memory, batch } of all) {
        const options = { dialect, invalidUtf8, unitBytes: 65_536 } as const;
        const [ours, theirs] = [new UnitCollector(), new UnitCollector()];
        w3c.create(options, { section: 'w3c', memory }).format(batch, ours);
        createW3cBaseline(dialect, names, { section: 'w3c', memory }).format(batch, theirs);
        expect(entries(ours)).toEqual(entries(theirs));
      }
    });
  },
);

/** Every entry of the documents: records repeat identifiers, so a key has a list. */
function entries(collector: UnitCollector): Map<string, unknown[]> {
  const all = new Map<string, unknown[]>();
  for (const unit of collector.units()) {
    const document = JSON.parse(unit.toString()) as Record<string, Record<string, unknown>>;
    for (const [section, content] of Object.entries(document)) {
      if (section === 'prefix') continue;
      for (const [id, entry] of Object.entries(content)) {
        const key = `${section} ${id}`;
        all.set(key, [...(all.get(key) ?? []), entry]);
      }
    }
  }
  return all;
}
