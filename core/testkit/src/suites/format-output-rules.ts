import assert from 'node:assert/strict';
import { lossCauses } from '@camflow/api';
import { checkJson } from '../json/strict-json.ts';
import { type FormatTrial, type Outcome, slice, type TrialRecords } from './format-trial.ts';
import type { Rule } from './suite.ts';

const softLimit = 64 * 1024;

/** Formats every sample; one that throws is left to the rule about that. */
async function outcomes(trial: FormatTrial): Promise<(Outcome & { readonly records: TrialRecords })[]> {
  const made: (Outcome & { readonly records: TrialRecords })[] = [];
  for (const records of trial.samples()) {
    const outcome = await trial.runFresh(records).catch(() => undefined);
    if (outcome) made.push({ ...outcome, records });
  }
  return made;
}

async function eachUnit(
  trial: FormatTrial,
  check: (unit: Buffer, records: number, where: string) => void,
): Promise<void> {
  for (const { out, records } of await outcomes(trial)) {
    for (const [i, unit] of out.units().entries()) {
      check(unit, out.records[i]!, `unit ${i} of ${records.kind} records: ${preview(unit)}`);
    }
  }
}

function preview(unit: Buffer): string {
  return JSON.stringify(unit.subarray(0, 200).toString());
}

/** One run; undefined where it breaks a rule that says so itself: it fails, or counts another number of records. */
function countedRun(
  trial: FormatTrial,
  ...[formatter, memory, records]: Parameters<FormatTrial['run']>
): ReturnType<FormatTrial['run']>['out'] | undefined {
  try {
    const { out, count } = trial.run(formatter, memory, records);
    return out.accounted === count ? out : undefined;
  } catch {
    return undefined;
  }
}

/** What the output of a format must be like. */
export const formatOutputRules: readonly Rule<FormatTrial>[] = [
  {
    id: 'format/any-bytes',
    sentence: 'any bytes in a record of a known type can be formatted',
    async check(trial) {
      for (const records of trial.samples()) await trial.runFresh(records);
    },
  },
  {
    id: 'format/accounted',
    sentence: 'every record of a batch is in a unit or dropped, and counted once',
    async check(trial) {
      for (const { out, count, records } of await outcomes(trial)) {
        assert.equal(
          out.accounted,
          count,
          `of ${count} ${records.kind} records, ${out.accounted} are accounted for`,
        );
      }
    },
  },
  {
    id: 'format/in-order',
    sentence: 'units and drops are counted in the order of their records, by which units are named',
    async check(trial) {
      const memory = trial.memory();
      const formatter = await trial.formatter(memory);
      for (const records of trial.samples().slice(2)) {
        const out = countedRun(trial, formatter, memory, records);
        if (out === undefined) continue;
        for (const [unit, reached] of out.reached.entries()) {
          if (out.records[unit] === 0) continue;
          const last = trial.run(formatter, memory, slice(records, reached - 1, reached));
          assert.equal(
            last.out.records.length,
            1,
            `${records.kind} record ${reached - 1} is counted as the last one of unit ${unit}, and is in none`,
          );
        }
      }
    },
  },
  {
    id: 'format/drop-causes',
    sentence: 'records are dropped for a cause that the contract knows',
    async check(trial) {
      const known: readonly string[] = [...lossCauses, 'filtered'];
      for (const { out } of await outcomes(trial)) {
        for (const cause of out.dropped.keys()) assert.ok(known.includes(cause), `cause ${cause}`);
      }
    },
  },
  {
    id: 'format/writer-protocol',
    sentence: 'units are ended, none is empty, none is open when whole units are added or the call returns',
    async check(trial) {
      for (const { out } of await outcomes(trial)) {
        assert.deepEqual(out.breaches, []);
        assert.equal(out.unitOpen, false, 'a unit was left open');
      }
    },
  },
  {
    id: 'format/no-nul',
    sentence: 'text holds no NUL',
    applies: (trial) => trial.isText,
    async check(trial) {
      await eachUnit(trial, (unit, _, where) => assert.equal(unit.includes(0), false, where));
    },
  },
  {
    id: 'format/utf-8',
    sentence: 'text is valid UTF-8',
    applies: (trial) => trial.isText,
    async check(trial) {
      const strict = new TextDecoder('utf-8', { fatal: true });
      await eachUnit(trial, (unit, _, where) => assert.doesNotThrow(() => strict.decode(unit), where));
    },
  },
  {
    id: 'format/newline',
    sentence: 'a newline ends each unit of text; a line holds no other',
    applies: (trial) => trial.isText,
    async check(trial) {
      await eachUnit(trial, (unit, _, where) => {
        assert.equal(unit.at(-1), 0x0a, where);
        if (trial.definition.framing === 'lines') assert.equal(unit.indexOf(0x0a), unit.length - 1, where);
      });
    },
  },
  {
    id: 'format/json',
    sentence: 'a unit of JSON is one well-formed value; no object holds a key twice',
    applies: (trial) => trial.isJson,
    async check(trial) {
      await eachUnit(trial, (unit, _, where) => {
        // NUL and encoding have rules of their own.
        const text = Buffer.from(unit.toString().replaceAll('\0', ' '));
        assert.deepEqual(checkJson(text), undefined, where);
      });
    },
  },
  {
    id: 'format/unit-size',
    sentence: 'a unit of several records stays within 64 KiB',
    async check(trial) {
      await eachUnit(trial, (unit, records, where) => {
        assert.ok(
          records <= 1 || unit.length <= softLimit,
          `${unit.length} bytes, ${records} records; ${where}`,
        );
      });
    },
  },
];
