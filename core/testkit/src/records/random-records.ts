import { type RecordType, recordTypes } from '@camflow/api';
import { createRandom } from './random.ts';
import { recordBytes } from './record-writer.ts';

/**
 * Records of every type that a relay of this kind can carry, with random bytes behind the type code: what a
 * decoder must survive.
 * @param rounds - how many records of each type
 */
export function randomRecords(kind: 'short' | 'long', seed: number, rounds: number): Uint8Array {
  const types: readonly RecordType[] = recordTypes.filter((type) => type.long === (kind === 'long'));
  const size = recordBytes(types[0]!);
  const bytes = new Uint8Array(size * types.length * rounds);
  createRandom(seed).fill(bytes);
  const view = new DataView(bytes.buffer);
  for (let i = 0; i < types.length * rounds; i++) {
    view.setBigUint64(i * size, types[i % types.length]!.code, true);
  }
  return bytes;
}
