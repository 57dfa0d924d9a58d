/** Numbers that look random and are the same for the same seed, on every machine. */
export interface Random {
  /** A number from 0 to 2^32 - 1. */
  u32(): number;
  /** A whole number from 0 up to, not including, `limit`. */
  below(limit: number): number;
  /** True with this probability. */
  chance(probability: number): boolean;
  /** One of the values. */
  pick<Value>(values: readonly Value[]): Value;
  /** Fills all bytes. */
  fill(bytes: Uint8Array): void;
}

/**
 * Makes a generator. A counter that steps by an odd constant is scrambled by multiplications and shifts, so that
 * neighbouring seeds have nothing in common.
 */
export function createRandom(seed: number): Random {
  let state = Math.imul(seed, 0x85eb_ca6b) >>> 0;
  const u32 = (): number => {
    state = (state + 0x9e37_79b9) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 16), 0x7feb_352d);
    mixed = Math.imul(mixed ^ (mixed >>> 15), 0x846c_a68b);
    return (mixed ^ (mixed >>> 16)) >>> 0;
  };
  const below = (limit: number): number => Math.floor((u32() / 0x1_0000_0000) * limit);
  return {
    u32,
    below,
    chance: (probability) => u32() < probability * 0x1_0000_0000,
    pick: (values) => values[below(values.length)]!,
    fill(bytes) {
      for (let at = 0; at < bytes.length; at += 4) {
        const word = u32();
        for (let i = 0; i < 4 && at + i < bytes.length; i++) bytes[at + i] = word >>> (8 * i);
      }
    },
  };
}
