import type { Slab } from '@camflow/api';

/** Slabs are multiples of this, the least common multiple of both record sizes: no record straddles two slabs. */
export const slabGranuleBytes = 136_960;

/** The size used where a configuration asks for `bytes`: rounded down to whole granules, at least one. */
export function usableSlabBytes(bytes: number): number {
  return Math.max(1, Math.floor(bytes / slabGranuleBytes)) * slabGranuleBytes;
}

/**
 * How many slabs a run needs. Two for each worker keep it busy while the next is filled; a source that holds
 * back a round needs two more than it holds.
 */
export function slabCount(workers: number, heldBatches: number): number {
  return Math.max(workers * 2 + 2, heldBatches + 2);
}

/**
 * The memory that sources fill and workers read: one SharedArrayBuffer cut into slabs of equal size. That no
 * slab is free is the back-pressure on the source.
 */
export class SlabPool {
  readonly memory: SharedArrayBuffer;
  /** Memory behind the slabs, for records that the recorder makes itself. */
  readonly extra: Uint8Array;
  readonly slabBytes: number;
  readonly count: number;
  readonly #free: Slab[] = [];
  #waiting: ((slab: Slab | null) => void) | undefined;
  #closed = false;

  constructor(count: number, slabBytes: number, extraBytes = 0) {
    this.slabBytes = slabBytes;
    this.count = count;
    this.memory = new SharedArrayBuffer(count * slabBytes + extraBytes);
    this.extra = new Uint8Array(this.memory, count * slabBytes);
    // Taken from the end: a run that keeps up touches only the first few, and the rest costs no memory.
    for (let index = count - 1; index >= 0; index--) {
      this.#free.push({ index, bytes: new Uint8Array(this.memory, index * slabBytes, slabBytes) });
    }
  }

  /** Slabs that are free. */
  get free(): number {
    return this.#free.length;
  }

  /** The next free slab, once there is one; null after {@link close}. One caller at a time. */
  take(): Promise<Slab | null> {
    if (this.#closed) return Promise.resolve(null);
    const slab = this.#free.pop();
    if (slab !== undefined) return Promise.resolve(slab);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  give(slab: Slab): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    if (waiting === undefined) this.#free.push(slab);
    else waiting(slab);
  }

  /** Lets go of whoever waits for a slab. */
  close(): void {
    this.#closed = true;
    this.#waiting?.(null);
    this.#waiting = undefined;
  }
}
