import type { Delivery, DeliveryQueue, Offer } from './delivery-queue.ts';

interface Waiting extends Delivery {
  readonly offer: Offer;
}

/** A queue of bounded memory: where it is full, nothing more is read. */
export class MemoryQueue implements DeliveryQueue {
  readonly persistent = false;
  lastCapturedAtMs: number | undefined;
  readonly #limitBytes: number;
  readonly #onChange: () => void;
  #waiting: Waiting[] = [];
  #bytes = 0;

  /** @param onChange - called where there may be a head, or room, that there was not before */
  constructor(limitBytes: number, onChange: () => void) {
    this.#limitBytes = limitBytes;
    this.#onChange = onChange;
  }

  get roomy(): boolean {
    return this.#bytes < this.#limitBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  offer(offer: Offer): void {
    const { units, records } = offer.parcel;
    // Units that nobody reads: there is nothing to deliver.
    if (units.count === 0) {
      offer.release();
      offer.settled();
      return;
    }
    this.#waiting.push({ offer, units, records, byteLength: units.ends[units.count - 1]! });
    this.#bytes += offer.memoryBytes;
    this.#onChange();
  }

  async head(): Promise<Delivery | undefined> {
    return this.#waiting[0];
  }

  async done(delivery: Delivery): Promise<void> {
    // After `clear` the memory is still the sink's, for as long as its write lasts.
    if (this.#waiting[0] === delivery) {
      const { offer } = this.#waiting.shift()!;
      this.#bytes -= offer.memoryBytes;
      this.lastCapturedAtMs = offer.parcel.capturedAtMs;
      offer.release();
      offer.settled();
    }
    this.#onChange();
  }

  /** Takes leave of what waits: the source is not to give it again. Its memory is the sink's for as long as its write lasts. */
  forsake(): void {
    for (const { offer } of this.#waiting) offer.settled();
    this.clear();
  }

  /** Forgets what waits. */
  clear(): void {
    this.#waiting = [];
    this.#bytes = 0;
    this.#onChange();
  }
}
