import type { LossCause } from '@camflow/api';
import type { Delivery, DeliveryOutcome, DeliveryQueue, Offer } from './delivery-queue.ts';
import type { Ledger } from './ledger.ts';

interface Waiting extends Delivery {
  readonly offer: Offer;
}

/** A queue of bounded memory: where it is full, nothing more is read. */
export class MemoryQueue implements DeliveryQueue {
  readonly persistent = false;
  lastCapturedAtMs: number | undefined;
  /** Whether anything was ever offered. */
  used = false;
  readonly #limitBytes: number;
  readonly #onChange: () => void;
  readonly #ledger: Ledger | undefined;
  #waiting: Waiting[] = [];
  #bytes = 0;

  /**
   * @param onChange - called where there may be a head, or room, that there was not before
   * @param ledger - the accounts to be kept, where there are any
   */
  constructor(limitBytes: number, onChange: () => void, ledger?: Ledger) {
    this.#limitBytes = limitBytes;
    this.#onChange = onChange;
    this.#ledger = ledger;
  }

  get roomy(): boolean {
    return this.#bytes < this.#limitBytes;
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  offer(offer: Offer): void {
    this.used = true;
    const { units, records } = offer.parcel;
    // Units that nobody reads: there is nothing to deliver.
    if (units.count === 0) {
      this.#ledger?.accept(offer.parcel);
      offer.moved('taken');
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

  async done(delivery: Delivery, { delivered, lost, taken }: DeliveryOutcome): Promise<void> {
    // After `clear` the memory is still the sink's, for as long as its write lasts.
    if (this.#waiting[0] === delivery) {
      const { offer } = this.#waiting.shift()!;
      this.#bytes -= offer.memoryBytes;
      this.lastCapturedAtMs = offer.parcel.capturedAtMs;
      if (this.#ledger !== undefined) {
        this.#ledger.accept(offer.parcel);
        this.#ledger.delivered += delivered;
        for (const [cause, records] of Object.entries(lost) as [LossCause, number][])
          this.#ledger.drop(records, cause);
      }
      offer.moved(taken ? 'taken' : 'refused');
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
