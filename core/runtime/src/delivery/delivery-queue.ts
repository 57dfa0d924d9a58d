import type { UnitBatch } from '@camflow/api';
import type { Whereabouts } from '../gaps/gap.ts';
import type { Parcel } from '../spool/parcel.ts';

/** A parcel on its way into a queue. */
export interface Offer {
  readonly parcel: Parcel;
  /** What it holds in memory until it is released. */
  readonly memoryBytes: number;
  /** Gives its memory back. */
  release(): void;
  /** The units are somewhere else now: in the accounts that are saved next. */
  moved(to: Whereabouts): void;
  /** The output has taken responsibility: it has the units, or they are on its disk, or they are counted as lost. */
  settled(): void;
}

/** What stands at the head of a queue. */
export interface Delivery {
  /** The same object until it is done. */
  readonly units: UnitBatch;
  /** Records that its units stand for. */
  readonly records: number;
  readonly byteLength: number;
}

/** What waits for a sink, in order. */
export interface DeliveryQueue {
  /** Whether it outlives the run. */
  readonly persistent: boolean;
  /** When the records of what was done last were captured; undefined before the first. */
  readonly lastCapturedAtMs: number | undefined;
  /** Whether more may be offered without more memory than is allowed. */
  readonly roomy: boolean;
  /** Whether nothing waits to be delivered. */
  readonly isEmpty: boolean;
  /** Takes a parcel. Never waits. */
  offer(offer: Offer): void;
  /** What is to be delivered next, the same one until it is done; undefined where nothing is ready now. */
  head(): Promise<Delivery | undefined>;
  /** The head was delivered, or its records are counted as lost. */
  done(delivery: Delivery, outcome: DeliveryOutcome): Promise<void>;
}

/** What became of the records of a delivery. */
export interface DeliveryOutcome {
  readonly delivered: number;
  /** By cause. */
  readonly lost: Parcel['dropped'];
  /** Whether the sink has the units; false where it refused them for good. */
  readonly taken: boolean;
}
