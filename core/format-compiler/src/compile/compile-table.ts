import { type Abi, CamflowError, type RecordBatch, type RecordType, recordTypes } from '@camflow/api';
import type { InvalidUtf8 } from '../encode/utf8.ts';
import type { RecordText } from '../table/attribute.ts';
import { createGroupWriter, type GroupWriter } from './attribute-groups.ts';
import { printCode } from './print-code.ts';
import { generateRecordCode, type PlannedRecord } from './record-code.ts';
import { planIdentity, planRecord } from './record-plan.ts';
import { StableRuns } from './stable-runs.ts';
import { createSurroundings, type Surroundings } from './surroundings.ts';
import { TextVariants, VariantLayout, type VariantTables } from './text-variants.ts';

/** Bytes that stores of constant text may reach beyond what they report. */
const slackBytes = 256;

/** Says how a type of record is written; undefined for types that the format leaves out. */
export type FormatTable = (type: RecordType) => RecordText | undefined;

/**
 * Writes one record.
 * @param p - where to write in the output; {@link CompiledTable.maxRecordBytes} must be free from there
 * @param word - where the record starts, in 32-bit words from the start of the memory
 * @param type - index of the type of the record
 * @returns where the text ends
 * @throws TextTooLong if a name, a security context or a text of recorded length is longer than `maxTextBytes`
 */
export type RecordWriter = (p: number, word: number, type: number) => number;

/** A table made into code. */
export interface CompiledTable {
  /** Where the text goes. */
  readonly out: Uint8Array;
  /** Most bytes that any record takes, with the excess of its stores. */
  readonly maxRecordBytes: number;
  /** By index of the record type; undefined for types that are left out, and at 0. */
  readonly writers: readonly (RecordWriter | undefined)[];
  /** Takes over dates, names and security contexts. To be called before the records of each batch. */
  begin(batch: RecordBatch): void;
}

/** What a table is compiled for. */
export interface CompileTarget {
  /** The memory that every batch points into, at a multiple of 4 bytes. */
  readonly memory: Uint8Array;
  /** The interface of the records. */
  readonly abi: Abi;
  /** What becomes of bytes that are not UTF-8. */
  readonly invalidUtf8: InvalidUtf8;
  /**
   * CamFlow never escapes node names. With `as_json`, a name that could stand inside a JSON string as it is gets
   * read that way, as readers of CamFlow's output do: the name `\\"` then means `"`. With `exact` it never is.
   */
  readonly nodeNames: 'exact' | 'as_json';
  /**
   * Most bytes of a node name, a security context or a text of recorded length, escaped. A path of 4,096 bytes needs
   * up to 24,576.
   */
  readonly maxTextBytes: number;
  /** Size of the output, given the most bytes that a record takes. */
  readonly outBytes: (maxRecordBytes: number) => number;
}

/**
 * Compiles a table: one function for all types of record that differ in nothing but constant text, so that there
 * is little code, and all of it soon runs optimised.
 */
export function compileTable(table: FormatTable, target: CompileTarget): CompiledTable {
  const runs = new StableRuns();
  const families = familiesOf(table).map((members) => {
    const [{ type, text }] = members;
    return { members, type, text, ...generateRecordCode(members, runs, target) };
  });
  const maxRecordBytes = families.reduce((most, { code }) => Math.max(most, code.maxBytes), 0) + slackBytes;

  const out = new Uint8Array(target.outBytes(maxRecordBytes));
  const layout = new VariantLayout();
  const groupWriters: GroupWriter[] = [];
  const functions = families.map(({ members, type, text, code, variables }) => {
    const bindings = text.attributes.map((attribute, position) => {
      if (attribute.kind === 'value') return '';
      groupWriters.push(createGroupWriter(attribute, type, text, out, target));
      return `const group${position}=groupWriters[${groupWriters.length - 1}];`;
    });
    const variants = new TextVariants();
    const body = printCode(code, variants);
    layout.append(
      members.map((member) => member.type.index),
      variants,
    );
    const declared = ['p=start', ...variables.map((name) => `${name}=0`)];
    if (variants.slots.length > 0) declared.push('v=variantsOf[type]');
    return `(()=>{${bindings.join('')}
return function ${type.category}_${type.name}(start,w,type){let ${declared.join()};
${body}return p;};})()`;
  });

  // Constants of an enclosing function are embedded by the optimising compiler; properties are not.
  const given = { ...createSurroundings(target, out), ...layout.tables, groupWriters };
  const factory = new Function(
    'given',
    `'use strict';
const {${Object.keys(given).join()}}=given;
${runs}
return [${functions.join(',\n')}];`,
  ) as (given: Surroundings & VariantTables) => RecordWriter[];
  const writers = new Array<RecordWriter | undefined>(recordTypes.length + 1).fill(undefined);
  for (const [index, writer] of factory(given).entries()) {
    for (const { type } of families[index]!.members) writers[type.index] = writer;
  }

  return {
    out,
    maxRecordBytes,
    writers,
    begin(batch) {
      if (
        batch.bytes.buffer !== target.memory.buffer ||
        batch.bytes.byteOffset !== target.memory.byteOffset
      ) {
        throw new CamflowError('INTERNAL', 'a batch lies outside the memory that the format was made for');
      }
      given.begin(batch);
    },
  };
}

/** A type of record of a table. */
interface TableRecord extends PlannedRecord {
  readonly text: RecordText;
}

/** The types of record of a table; those that can share code stand together. */
function familiesOf(table: FormatTable): [TableRecord, ...TableRecord[]][] {
  const families = new Map<string, [TableRecord, ...TableRecord[]]>();
  for (const type of recordTypes) {
    const text = table(type);
    if (text === undefined) continue;
    const plan = planRecord(type, text);
    const identity = planIdentity(type, plan);
    const family = families.get(identity);
    if (family) family.push({ type, text, plan });
    else families.set(identity, [{ type, text, plan }]);
  }
  return [...families.values()];
}
