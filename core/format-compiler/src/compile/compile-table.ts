import { type Abi, CamflowError, type RecordBatch, type RecordType, recordTypes } from '@camflow/api';
import type { InvalidUtf8 } from '../encode/utf8.ts';
import type { RecordText } from '../table/attribute.ts';
import { createGroupWriter, type GroupWriter } from './attribute-groups.ts';
import { generateRecordCode } from './record-code.ts';
import { StableRuns } from './stable-runs.ts';
import { createSurroundings, type Surroundings } from './surroundings.ts';

/** Bytes that stores of constant text may reach beyond what they report. */
const slackBytes = 256;

/** Says how a type of record is written; undefined for types that the format leaves out. */
export type FormatTable = (type: RecordType) => RecordText | undefined;

/**
 * Writes one record.
 * @param p - where to write in the output; {@link CompiledTable.maxRecordBytes} must be free from there
 * @param word - where the record starts, in 32-bit words from the start of the memory
 * @returns where the text ends
 * @throws TextTooLong if a name, a security context or a text of recorded length is longer than `maxTextBytes`
 */
export type RecordWriter = (p: number, word: number) => number;

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

/** Compiles a table: one function for each type of record. */
export function compileTable(table: FormatTable, target: CompileTarget): CompiledTable {
  const runs = new StableRuns();
  const texts = recordTypes.map((type) => table(type));
  const codes = texts.map((text, i) => {
    const type = recordTypes[i]!;
    return text && generateRecordCode(`${type.category}_${type.name}`, type, text, runs, target);
  });
  const maxRecordBytes = codes.reduce((most, code) => Math.max(most, code?.maxBytes ?? 0), 0) + slackBytes;

  const out = new Uint8Array(target.outBytes(maxRecordBytes));
  const surroundings = createSurroundings(target, out);
  const groups: GroupWriter[] = [];
  const functions = codes.map((code, i) => {
    if (code === undefined) return 'undefined';
    const type = recordTypes[i]!;
    const bindings = texts[i]!.attributes.map((attribute, position) => {
      if (attribute.kind === 'value') return '';
      groups.push(createGroupWriter(attribute, type, texts[i]!, out, target));
      return `const group${position}=groups[${groups.length - 1}];`;
    });
    return `(()=>{${bindings.join('')}return ${code.source};})()`;
  });

  // Constants of an enclosing function are embedded by the optimising compiler; properties are not.
  const factory = new Function(
    'surroundings',
    'groups',
    `'use strict';
const {${Object.keys(surroundings).join()}}=surroundings;
${runs}
return [${functions.join(',\n')}];`,
  ) as (surroundings: Surroundings, groups: readonly GroupWriter[]) => (RecordWriter | undefined)[];

  return {
    out,
    maxRecordBytes,
    writers: [undefined, ...factory(surroundings, groups)],
    begin(batch) {
      if (
        batch.bytes.buffer !== target.memory.buffer ||
        batch.bytes.byteOffset !== target.memory.byteOffset
      ) {
        throw new CamflowError('INTERNAL', 'a batch lies outside the memory that the format was made for');
      }
      surroundings.begin(batch);
    },
  };
}
