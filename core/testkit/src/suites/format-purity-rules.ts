import assert from 'node:assert/strict';
import type { RecordBatch } from '@camflow/api';
import { ContextTable } from '../fakes/context-table.ts';
import { NameTable } from '../fakes/name-table.ts';
import { createRecordBatch, type RecordBatchInput } from '../fakes/record-batch.ts';
import { UnitCollector } from '../fakes/unit-collector.ts';
import { storySecurityContexts } from '../story/world.ts';
import { type FormatTrial, slice, type TrialRecords } from './format-trial.ts';
import { inStillWorld, still } from './still-world.ts';
import type { Rule } from './suite.ts';

function same(actual: Buffer, expected: Buffer, what: string): void {
  if (actual.equals(expected)) return;
  const at = actual.findIndex((byte, i) => byte !== expected[i]);
  const around = (bytes: Buffer): string =>
    JSON.stringify(bytes.subarray(Math.max(0, at - 60), at + 60).toString());
  assert.fail(`${what}: differs from byte ${at}: ${around(actual)}, expected ${around(expected)}`);
}

async function entries(trial: FormatTrial, units: readonly Buffer[]): Promise<Set<string>> {
  if (trial.entriesOf) return new Set(await trial.entriesOf(units));
  if (!trial.isJson || trial.definition.framing === 'lines') return new Set(units.map(String));
  const found = new Set<string>();
  for (const unit of units) {
    for (const [section, members] of Object.entries(JSON.parse(unit.toString()) as Record<string, unknown>)) {
      for (const [key, value] of Object.entries(members as object)) {
        found.add(`${section} ${key} ${JSON.stringify(value)}`);
      }
    }
  }
  return found;
}

/** What the output of a format may depend on: the batch, and nothing else. */
export const formatPurityRules: readonly Rule<FormatTrial>[] = [
  {
    id: 'format/clock',
    sentence: 'the clock does not matter: dates come from the batch',
    async check(trial) {
      for (const records of [trial.short, trial.long]) {
        const now = await trial.runFresh(records);
        const later = await trial.runFresh(records, {}, { ...still, nowMs: 1_900_000_000_000 });
        same(later.out.bytes, now.out.bytes, 'the same batch at another time');
      }
    },
  },
  {
    id: 'format/chance',
    sentence: 'chance does not matter',
    async check(trial) {
      for (const records of [trial.short, trial.long]) {
        const one = await trial.runFresh(records);
        const other = await trial.runFresh(records, {}, { ...still, random: 0.125 });
        same(other.out.bytes, one.out.bytes, 'the same batch with another throw of the dice');
      }
    },
  },
  {
    id: 'format/same-everywhere',
    sentence: 'formatters of two workers make the same of a batch',
    async check(trial) {
      for (const records of [trial.short, trial.long]) {
        const one = await trial.runFresh(records, { cpu: 1 });
        const other = await trial.runFresh(records, { cpu: 1 });
        same(other.out.bytes, one.out.bytes, 'the same batch in another formatter');
      }
    },
  },
  {
    id: 'format/memory-place',
    sentence: 'where in memory a batch stands does not matter',
    async check(trial) {
      const first = await trial.runFresh(trial.short);
      const moved = await trial.runFresh(trial.short, { start: 4096 + 8 });
      same(moved.out.bytes, first.out.bytes, 'the same batch elsewhere in memory');
    },
  },
  {
    id: 'format/no-state',
    sentence: 'batches that went before do not matter',
    async check(trial) {
      const memory = trial.memory();
      const fresh = await trial.runFresh(trial.short);
      const used = await trial.formatter(memory);
      trial.run(used, memory, slice(trial.short, 100, 400), { cpu: 3, capturedAtMs: 5, position: 25_600 });
      trial.run(used, memory, trial.long);
      const after = trial.run(used, memory, trial.short);
      same(after.out.bytes, fresh.out.bytes, 'the same batch after others');
    },
  },
  {
    id: 'format/split',
    sentence: 'a batch may be cut anywhere: its parts together give the same entries',
    applies: (trial) => trial.isText || trial.entriesOf !== undefined,
    async check(trial) {
      for (const records of [slice(trial.short, 0, 600), slice(trial.long, 0, 60)])
        await checkSplit(trial, records);
    },
  },
  {
    id: 'format/counted-entries',
    sentence: 'only the first `count` entries of the tables are looked at',
    async check(trial) {
      const records = slice(trial.short, 0, 100);
      const expected = await trial.runFresh(records);
      const memory = trial.memory();
      const formatter = await trial.formatter(memory);
      const tables = { names: trial.names, securityContexts: trial.contexts };
      const batch = createRecordBatch({ ...tables, ...slice(trial.short, 0, 200), memory });
      const out = new UnitCollector();
      const first: RecordBatch = { ...batch, count: 100, records: () => take(batch.records(), 100) };
      inStillWorld(still, () => formatter.format(first, out));
      same(out.bytes, expected.out.bytes, '100 records in tables of 200');
    },
  },
  {
    id: 'format/input-untouched',
    sentence: 'the memory of the records is not written to',
    async check(trial) {
      for (const records of [trial.short, trial.long]) {
        const memory = trial.memory();
        const formatter = await trial.formatter(memory);
        memory.fill(0x5a);
        trial.run(formatter, memory, records);
        const expected = new Uint8Array(memory.length).fill(0x5a);
        expected.set(records.bytes);
        assert.ok(Buffer.from(memory).equals(expected), 'the memory differs after the call');
      }
    },
  },
  {
    id: 'format/name-generation',
    sentence: 'nothing is kept by name handle once the generation of the names changes',
    async check(trial) {
      const names = new NameTable();
      names.learn(trial.long.bytes);
      await checkGeneration(trial, { names, securityContexts: trial.contexts }, () => {
        names.clear();
        // Other records first: the same handles now mean other names.
        names.learn(slice(trial.long, 100).bytes);
      });
    },
  },
  {
    id: 'format/context-generation',
    sentence: 'no security context is kept once the generation of the contexts changes',
    async check(trial) {
      const securityContexts = new ContextTable(storySecurityContexts);
      await checkGeneration(trial, { names: trial.names, securityContexts }, () => {
        securityContexts.replace([0, 1, 2, 3, 4].map((secid) => [secid, `other_${secid}_t`]));
      });
    },
  },
];

/** Formats, lets a table change, formats again: the second output must be that of a formatter without a past. */
async function checkGeneration(
  trial: FormatTrial,
  tables: Pick<RecordBatchInput, 'names' | 'securityContexts'>,
  change: () => void,
): Promise<void> {
  const memory = trial.memory();
  const used = await trial.formatter(memory);
  trial.run(used, memory, trial.short, tables);
  change();
  const after = trial.run(used, memory, trial.short, tables);
  const fresh = await trial.runFresh(trial.short, tables);
  same(after.out.bytes, fresh.out.bytes, 'after the change');
}

async function checkSplit(trial: FormatTrial, records: TrialRecords): Promise<void> {
  const size = records.kind === 'long' ? 4280 : 256;
  const count = records.bytes.length / size;
  const memory = trial.memory();
  const whole = await entries(trial, (await trial.runFresh(records)).out.units());
  for (const step of [1, 7, Math.ceil(count / 2)]) {
    const formatter = await trial.formatter(memory);
    const parts = new Set<string>();
    for (let from = 0; from < count; from += step) {
      const place = { position: from * size, firstSequence: from };
      const { out } = trial.run(formatter, memory, slice(records, from, from + step), place);
      for (const entry of await entries(trial, out.units())) parts.add(entry);
    }
    const missing = [...whole].find((entry) => !parts.has(entry));
    const added = [...parts].find((entry) => !whole.has(entry));
    assert.equal(missing, undefined, `missing from batches of ${step} records`);
    assert.equal(added, undefined, `only in batches of ${step} records`);
  }
}

function* take<Value>(values: Iterable<Value>, count: number): Generator<Value> {
  let left = count;
  for (const value of values) {
    if (left-- === 0) return;
    yield value;
  }
}
