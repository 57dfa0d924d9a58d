import { type Abi, nodeTypeNamed, type Origin, shapes } from '@camflow/api';
import { type Gap, nameOfStream } from './gap.ts';

const gapType = nodeTypeNamed('gap')!;
const shape = shapes.get('gap')!;

/** Most bytes that one gap takes in any interface, with its frame. */
export const mostGapBytes = 272;

/**
 * Writes a gap as a record of an interface.
 * @param target - where it goes, at least {@link mostGapBytes}
 * @param gap - has its number, unique within a boot of the machine
 * @param sequence - number of the record in the stream of the recorder
 * @returns bytes taken
 */
export function writeGap(target: Uint8Array, abi: Abi, gap: Gap, origin: Origin, sequence: number): number {
  const bytes = Buffer.from(target.buffer, target.byteOffset, mostGapBytes).fill(0);
  const { framing } = abi;
  const start = framing.kind === 'fixed' ? 0 : framing.frameBytes;
  if (framing.kind === 'sized') {
    bytes.writeUInt32LE(start + shape.size, 0);
    bytes.writeBigUInt64LE(BigInt(sequence), 8);
  }
  const record = bytes.subarray(start, start + shape.size);
  record.writeBigUInt64LE(gapType.code, 0);
  record.writeBigUInt64LE(BigInt(gap.number ?? 0), 8);
  record.writeUInt32LE(origin.bootId >>> 0, 16);
  record.writeUInt32LE(origin.machineId >>> 0, 20);
  record.writeUInt32LE(origin.epoch >>> 0, 32);
  const write = (name: string, text: string): void => {
    const { offset, size } = shape.fields.get(name)!;
    record.write(text, offset, size, 'latin1');
  };
  write('cause', gap.cause);
  write('stream', nameOfStream(gap.stream));
  write('count', gap.count === undefined ? 'unknown' : String(gap.count));
  write('from', new Date(gap.fromMs).toISOString());
  write('until', new Date(gap.untilMs).toISOString());
  return start + shape.size;
}
