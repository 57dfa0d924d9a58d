import type { RecordBatch } from '@camflow/api';
import { fieldOf } from '@camflow/api';
import { type Base64Writer, base64Tables, createBase64Writer } from '../encode/base64.ts';
import {
  createDecimalWriter,
  type DecimalTables,
  type DecimalWriter,
  decimalTables,
} from '../encode/decimal.ts';
import { createHexWriter, type HexWriter, hexDigits, hexPairs } from '../encode/hexadecimal.ts';
import { createJsonTextWriter, type JsonTextWriter, textRules } from '../encode/json-text.ts';
import { createSmallValueWriter, type SmallValueWriter } from '../encode/small-values.ts';
import { RenderedTexts, TextTooLong } from '../lookup/rendered-texts.ts';
import type { CompileTarget } from './compile-table.ts';
import { createDateWriter, type DateWriter } from './dates.ts';
import { freshCopy } from './fresh-copy.ts';
import { createTypeNameWriter, type TypeNameWriter, typeNameTables } from './type-names.ts';

/** What generated code finds around it, by these names. */
export interface Surroundings {
  /** The input as bytes and as 32-bit words. */
  readonly B: Uint8Array;
  readonly W: Int32Array;
  /** The output as bytes and for stores at any position. */
  readonly O: Uint8Array;
  readonly D: DataView;
  readonly decimal: DecimalWriter;
  readonly digits: DecimalTables;
  readonly hex: HexWriter;
  readonly base64: Base64Writer;
  readonly small: SmallValueWriter;
  readonly text: JsonTextWriter;
  readonly typeName: TypeNameWriter;
  readonly dates: DateWriter;
  readonly names: RenderedTexts;
  /** Place in `names` of the name of the node at a word, or -1. */
  nameOf(word: number): number;
  /** Writes the security context of a number; returns where the text ends. */
  securityContext(p: number, secid: number): number;
  /**
   * The bytes of a text of recorded length, each of which takes up to `growth` bytes of output.
   * @throws TextTooLong where that is more than there is room for
   */
  fitting(bytes: number, growth: number): number;
  /** Writes a stretch of the output once more; returns where the text ends. */
  repeat(p: number, start: number, end: number): number;
  /** Makes ready for a batch. */
  begin(batch: RecordBatch): void;
}

/**
 * Makes the surroundings of one table.
 * @param out - where text goes
 */
export function createSurroundings(target: CompileTarget, out: Uint8Array): Surroundings {
  const { memory, invalidUtf8, maxTextBytes } = target;
  const W = new Int32Array(memory.buffer, memory.byteOffset, memory.byteLength >> 2);
  const D = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const decimal = freshCopy(createDecimalWriter)(decimalTables, D);
  const rules = textRules(invalidUtf8);
  const dates = createDateWriter(D);
  const nameId = fieldOf('task', 'name_id').offset;

  let batch: RecordBatch | undefined;
  let nameGeneration = -1;
  let contextGeneration = -1;
  const names = new RenderedTexts(maxTextBytes, rules, (handle) => {
    const raw = batch!.names.bytes(handle);
    return target.nodeNames === 'as_json' ? readAsJson(raw) : raw;
  });
  const contexts = new RenderedTexts(maxTextBytes, rules, (secid) =>
    Buffer.from(batch!.securityContexts.text(secid) ?? secid.toString(16)),
  );

  return {
    B: memory,
    W,
    O: out,
    D,
    decimal,
    digits: decimalTables,
    hex: freshCopy(createHexWriter)(hexDigits, D),
    dates,
    names,
    base64: freshCopy(createBase64Writer)(base64Tables, W, D),
    small: freshCopy(createSmallValueWriter)(hexPairs, memory, D, decimal),
    text: freshCopy(createJsonTextWriter)(rules, memory, D, true),
    typeName: freshCopy(createTypeNameWriter)(typeNameTables, W, D),

    nameOf(word) {
      const at = word + (nameId >> 2);
      if (W[at] === 0 && W[at + 1] === 0) return -1;
      const handle = batch!.names.find(memory, at << 2);
      return handle < 0 ? -1 : names.place(handle);
    },

    securityContext: (p, secid) => contexts.copy(contexts.place(secid >>> 0), D, p),

    fitting(bytes, growth) {
      if (bytes * growth > maxTextBytes) throw new TextTooLong(bytes * growth);
      return bytes;
    },

    repeat(p, start, end) {
      for (let from = start, to = p; from < end; from += 4, to += 4) {
        D.setInt32(to, D.getInt32(from, true), true);
      }
      return p + end - start;
    },

    begin(next) {
      batch = next;
      dates.set(next.capturedAtMs);
      if (next.names.generation !== nameGeneration) names.clear();
      if (next.securityContexts.generation !== contextGeneration) contexts.clear();
      nameGeneration = next.names.generation;
      contextGeneration = next.securityContexts.generation;
    },
  };
}

/** What a reader makes of bytes that stand inside a JSON string as they are; the bytes themselves where they cannot. */
function readAsJson(raw: Uint8Array): Uint8Array {
  if (!raw.includes(0x5c)) return raw;
  try {
    return Buffer.from(JSON.parse(`"${Buffer.from(raw).toString()}"`) as string);
  } catch {
    return raw;
  }
}
