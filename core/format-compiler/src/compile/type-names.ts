import { recordTypeOfCode, recordTypes } from '@camflow/api';
import type { HexWriter } from '../encode/hexadecimal.ts';

/** Bytes kept for each name; names are stored whole, so none may be longer. */
const nameBytes = 16;

const lows = new Int32Array(2048);
const highs = new Int32Array(2048);
const lengths = new Uint8Array(2048);
const names = new Float64Array((2048 * nameBytes) / 8);

/** A place for each type code with one bit in its lower half; codes that are no type share places with those that are. */
function placeOf(low: number, high: number): number {
  return ((high >>> 26) << 5) | (31 - Math.clz32(low | 1));
}

for (const type of recordTypes) {
  const low = Number(BigInt.asIntN(32, type.code));
  const high = Number(BigInt.asIntN(32, type.code >> 32n));
  if (type.category !== 'node' || low === 0) continue;
  if (type.name.length > nameBytes) throw new Error(`type name ${type.name} is too long`);
  const place = placeOf(low, high);
  lows[place] = low;
  highs[place] = high;
  lengths[place] = type.name.length;
  new Uint8Array(names.buffer).set(Buffer.from(type.name), place * nameBytes);
}

/** Writes the name of the node type of the identifier at a word; returns where the text ends. */
export type TypeNameWriter = (p: number, word: number) => number;

/** Makes a writer from the words of the input into a buffer. A code that is no node type is written in hexadecimal. */
export function createTypeNameWriter(words: Int32Array, out: DataView, hex: HexWriter): TypeNameWriter {
  return (p, word) => {
    const low = words[word]!;
    const high = words[word + 1]!;
    const place = placeOf(low, high);
    if (lows[place] === low && highs[place] === high && low !== 0) {
      out.setFloat64(p, names[place * 2]!, true);
      out.setFloat64(p + 8, names[place * 2 + 1]!, true);
      return p + lengths[place]!;
    }
    const type = recordTypeOfCode((BigInt(high >>> 0) << 32n) | BigInt(low >>> 0));
    if (type?.category !== 'node') return hex.u64(p, low, high);
    for (let i = 0; i < type.name.length; i++) out.setUint8(p + i, type.name.charCodeAt(i));
    return p + type.name.length;
  };
}
