import { recordTypeOfCode, recordTypes } from '@camflow/api';

/** Bytes kept for each name; names are stored whole, so none may be longer. */
const nameBytes = 16;

/** Node types by a place that follows from their code; codes that are no type share places with those that are. */
export interface TypeNameTables {
  readonly lows: Int32Array;
  readonly highs: Int32Array;
  readonly lengths: Uint8Array;
  /** The names, two doubles of eight characters each. */
  readonly names: Float64Array;
  /** The text for codes that have no place. */
  readonly textOf: (low: number, high: number) => string;
}

/** The tables that {@link createTypeNameWriter} takes. */
export const typeNameTables: TypeNameTables = createTables();

function createTables(): TypeNameTables {
  const places = 2048;
  const lows = new Int32Array(places);
  const highs = new Int32Array(places);
  const lengths = new Uint8Array(places);
  const names = new Float64Array((places * nameBytes) / 8);
  for (const type of recordTypes) {
    const low = Number(BigInt.asIntN(32, type.code));
    const high = Number(BigInt.asIntN(32, type.code >> 32n));
    if (type.category !== 'node' || low === 0) continue;
    if (type.name.length > nameBytes) throw new Error(`type name ${type.name} is too long`);
    const place = ((high >>> 26) << 5) | (31 - Math.clz32(low));
    lows[place] = low;
    highs[place] = high;
    lengths[place] = type.name.length;
    new Uint8Array(names.buffer).set(Buffer.from(type.name), place * nameBytes);
  }
  return { lows, highs, lengths, names, textOf };
}

function textOf(low: number, high: number): string {
  const code = (BigInt(high >>> 0) << 32n) | BigInt(low >>> 0);
  const type = recordTypeOfCode(code);
  return type?.category === 'node' ? type.name : code.toString(16);
}

/** Writes the name of the node type of the identifier at a word; returns where the text ends. */
export type TypeNameWriter = (p: number, word: number) => number;

/**
 * Makes a writer from the words of the input into a buffer. A code that is no node type is written in
 * hexadecimal. Refers to nothing but its parameters (see `freshCopy`).
 */
export function createTypeNameWriter(
  tables: TypeNameTables,
  words: Int32Array,
  out: DataView,
): TypeNameWriter {
  const { lows, highs, lengths, names, textOf } = tables;
  return (p, word) => {
    const low = words[word]!;
    const high = words[word + 1]!;
    const place = ((high >>> 26) << 5) | (31 - Math.clz32(low | 1));
    if (lows[place] === low && highs[place] === high && low !== 0) {
      out.setFloat64(p, names[place * 2]!, true);
      out.setFloat64(p + 8, names[place * 2 + 1]!, true);
      return p + lengths[place]!;
    }
    const text = textOf(low, high);
    for (let i = 0; i < text.length; i++) out.setUint8(p + i, text.charCodeAt(i));
    return p + text.length;
  };
}
