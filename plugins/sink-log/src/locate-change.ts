import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** Bytes of which a chain keeps a checksum of its own, to tell where in a block something was changed. */
export const cellBytes = 128;
const sumBytes = 4;
/** Bytes in a row whose change a checksum of 32 bits pins down. */
const burstBytes = 4;

/** What a block turned out to have been changed to. */
export interface FoundChange {
  /** Where the first bad byte is at the earliest, and at the latest, in bytes from the start of the block. */
  readonly from: number;
  readonly to: number;
  /** What was written there, where that can be told: then `from` and `to` are the same. */
  readonly written?: number;
}

/** Cells that a block has. */
export function cellsOf(block: Uint8Array): number {
  return Math.ceil(block.length / cellBytes);
}

/** Cells that checksums are of. */
export function checkedCells(checksums: string): number {
  return Buffer.byteLength(checksums, 'base64') / sumBytes;
}

/** The checksums of a block, as text. They are no part of the chain of hashes: all they do is help to look. */
export function cellChecksums(block: Uint8Array): string {
  const sums = Buffer.alloc(cellsOf(block) * sumBytes);
  for (let cell = 0; cell * cellBytes < block.length; cell++)
    sums.writeUInt32LE(crc32(block.subarray(cell * cellBytes, (cell + 1) * cellBytes)), cell * sumBytes);
  return sums.toString('base64');
}

/**
 * Finds where a block was changed first. Whatever was changed to four bytes in a row is found to the byte: only so
 * many changes of a cell make the difference of its checksums, and the hash of the block tells the right one.
 * @param block - as it is now
 * @param checksums - by {@link cellChecksums} when it was written; empty where they are not known
 * @param before - the hash of the chain before the block
 * @param hash - the hash with it
 */
export function locateChange(
  block: Uint8Array,
  checksums: string,
  before: string,
  hash: string,
): FoundChange {
  const whole: FoundChange = { from: 0, to: block.length - 1 };
  const sums = Buffer.from(checksums, 'base64');
  if (sums.length !== cellsOf(block) * sumBytes) return whole;
  for (let start = 0; start < block.length; start += cellBytes) {
    const cell = block.subarray(start, start + cellBytes);
    const difference = (crc32(cell) ^ sums.readUInt32LE((start / cellBytes) * sumBytes)) >>> 0;
    if (difference === 0) continue;
    const copy = Uint8Array.from(block);
    for (const { at, change } of changesOf(difference, cell.length)) {
      for (let i = 0; i < change.length && at + i < cell.length; i++) copy[start + at + i]! ^= change[i]!;
      const right = createHash('sha256').update(before).update(copy).digest('hex') === hash;
      const first = start + at + change.findIndex((byte) => byte !== 0);
      if (right) return { from: first, to: first, written: copy[first]! };
      copy.set(cell, start);
    }
    return { from: start, to: start + cell.length - 1 };
  }
  return whole;
}

/**
 * Every change of a few bytes in a row that makes a difference of checksums: one for each place at most, found by
 * running the checksum backwards from the end.
 */
function* changesOf(
  difference: number,
  length: number,
): Generator<{ readonly at: number; readonly change: Uint8Array }> {
  const change = new Uint8Array(burstBytes);
  const view = new DataView(change.buffer);
  let state = difference;
  for (let at = length - 1; at >= 0; at--) {
    const index = indexOfTop[state >>> 24]!;
    state = (((state ^ table[index]!) << 8) | index) >>> 0;
    view.setUint32(0, state, true);
    if (change.every((byte, i) => byte === 0 || at + i < length)) yield { at, change };
  }
}

const polynomial = 0xedb88320;
const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ polynomial : value >>> 1;
  return value >>> 0;
});
/** Which entry of the table has a top byte: each has one of its own. */
const indexOfTop: Uint8Array = new Uint8Array(256);
for (const [index, value] of table.entries()) indexOfTop[value >>> 24] = index;
