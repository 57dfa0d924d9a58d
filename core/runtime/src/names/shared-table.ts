/**
 * A bounded table of texts that the main thread writes and workers read without locks.
 *
 * It has two *generations*. New entries go into the young one; when that is full, the old one is dropped, the
 * young one becomes old, and an empty one takes its place. An entry that is published again moves to the young
 * generation, so what is in use survives.
 *
 * An entry carries the *moment* from which it may be seen: the number of a batch, and a place in it. A worker that
 * still formats an earlier batch does not see it, however the threads are timed: output depends on the order of
 * records alone.
 * A key whose text changes gets another entry, linked from the first, for the same reason.
 */
export interface SharedTable {
  /** 32-bit words of a key. */
  readonly keyWords: number;
  /** Entries of one generation. */
  readonly entries: number;
  /** Bytes of text of one generation. */
  readonly textBytes: number;
  /** Start value of the hash, so that nobody can choose keys that collide. */
  readonly seed: number;
  readonly buffer: SharedArrayBuffer;
}

/** One generation, as typed arrays over the shared memory. */
export interface Generation {
  /** Open addressing: the number of an entry plus one, 0 where empty. Twice as many as entries. */
  readonly slots: Int32Array;
  readonly keys: Int32Array;
  readonly moments: Float64Array;
  /** The entry that replaces this one from its own moment on, plus one; 0 for none. */
  readonly newer: Int32Array;
  readonly textStarts: Int32Array;
  readonly textLengths: Int32Array;
  readonly text: Uint8Array;
}

/** Allocates a table. Pages that are never written cost no memory. */
export function createSharedTable(size: Omit<SharedTable, 'buffer'>): SharedTable {
  if ((size.entries & (size.entries - 1)) !== 0) throw new RangeError('entries must be a power of two');
  return { ...size, buffer: new SharedArrayBuffer(2 * generationBytes(size)) };
}

function generationBytes(size: Omit<SharedTable, 'buffer'>): number {
  const words = size.entries * (2 + size.keyWords + 2 + 3);
  return (words * 4 + size.textBytes + 7) & ~7;
}

/** The two generations; that of number `n` is at `n & 1`. */
export function generationsOf(table: SharedTable): readonly [Generation, Generation] {
  return [generationAt(table, 0), generationAt(table, 1)];
}

function generationAt(table: SharedTable, half: 0 | 1): Generation {
  const { buffer, entries, keyWords, textBytes } = table;
  let at = half * generationBytes(table);
  const moments = new Float64Array(buffer, at, entries);
  at += moments.byteLength;
  const words = (count: number): Int32Array => {
    const array = new Int32Array(buffer, at, count);
    at += array.byteLength;
    return array;
  };
  return {
    moments,
    slots: words(entries * 2),
    keys: words(entries * keyWords),
    newer: words(entries),
    textStarts: words(entries),
    textLengths: words(entries),
    text: new Uint8Array(buffer, at, textBytes),
  };
}

/** Mixes a key into a slot number; the caller masks it. */
export function hashKey(seed: number, words: Int32Array, at: number, keyWords: number): number {
  let hash = seed;
  for (let i = 0; i < keyWords; i++) {
    hash = Math.imul(hash ^ words[at + i]!, 0x9e3779b1);
    hash ^= hash >>> 15;
  }
  return hash;
}

/**
 * Finds the first entry of a key.
 * @returns its number, or `-1 - slot` with the empty slot where it would go
 */
export function findEntry(
  generation: Generation,
  hash: number,
  words: Int32Array,
  at: number,
  keyWords: number,
): number {
  const { slots, keys } = generation;
  const mask = slots.length - 1;
  for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
    // Pairs with the store that publishes an entry: whoever sees the slot sees the entry.
    const entry = Atomics.load(slots, slot) - 1;
    if (entry < 0) return -1 - slot;
    const key = entry * keyWords;
    let i = 0;
    while (i < keyWords && keys[key + i] === words[at + i]) i++;
    if (i === keyWords) return entry;
  }
}
