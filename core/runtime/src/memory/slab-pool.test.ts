import { describe, expect, test } from 'vitest';
import { SlabPool, slabCount, slabGranuleBytes, usableSlabBytes } from './slab-pool.ts';

describe('slabs', () => {
  test('hold whole records of both sizes, and are never smaller than that', () => {
    for (const asked of [0, 1, 200_000, 1 << 20, 4 << 20]) {
      const bytes = usableSlabBytes(asked);
      expect([bytes % 256, bytes % 4280]).toEqual([0, 0]);
      expect(bytes).toBeLessThanOrEqual(Math.max(asked, slabGranuleBytes));
    }
  });

  test('are enough for the workers, and for a round that is held back', () => {
    expect(slabCount(2, 0)).toBe(6);
    expect(slabCount(2, 64)).toBe(66);
  });

  test('lie side by side in one memory, and are waited for when all are taken', async () => {
    const pool = new SlabPool(2, slabGranuleBytes);
    const [first, second] = [(await pool.take())!, (await pool.take())!];
    expect([first.bytes.byteOffset, second.bytes.byteOffset].sort()).toEqual([0, slabGranuleBytes]);
    expect(first.bytes.buffer).toBe(second.bytes.buffer);
    const waiting = pool.take();
    pool.give(first);
    expect(await waiting).toBe(first);
    const never = pool.take();
    pool.close();
    expect([await never, await pool.take()]).toEqual([null, null]);
  });
});
