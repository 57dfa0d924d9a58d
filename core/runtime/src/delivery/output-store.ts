import type { Logger, LossCause, Origin } from '@camflow/api';
import { Spool } from '../spool/spool.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import { Ledger } from './ledger.ts';
import { MemoryQueue } from './memory-queue.ts';
import { SpooledQueue } from './spooled-queue.ts';

/** How often a spool is looked at for units that have waited too long, in milliseconds. */
const expiryMs = 1000;

/** What waits for an output, and what is remembered of it beyond the run. */
export interface OutputStore {
  readonly queue: DeliveryQueue;
  /** Absent where nothing outlives the run. */
  readonly ledger: Ledger | undefined;
  /** Records that an earlier run left. */
  readonly waitingOnDisk: number;
  /** Where an earlier run was killed: when it last saved anything, in milliseconds since 1970. */
  readonly uncleanSinceMs: number | undefined;
  /** The state of the spool, for whoever watches. */
  readonly figures: SpoolFigures | undefined;
  /** Called where there may be something to deliver, or room, that there was not before. */
  onChange: () => void;
  /** Called where records are lost while they wait. */
  onLoss: (records: number, cause: LossCause) => void;
  /** Where the records come from; set before anything is offered. */
  origin: Origin;
  /** What waits in memory is no longer wanted, unless there is a disk for it. */
  giveUp(): void;
  /** What waits in memory alone is given up for good, and the source need not give it again. */
  forsake(): void;
  /** @returns records that are left for the next run */
  park(): Promise<number>;
  /** Releases everything. Legal twice. */
  close(): Promise<void>;
}

/** Figures of a spool. */
export interface SpoolFigures {
  readonly records: number;
  readonly sizeBytes: number;
  readonly maxSizeBytes: number;
  /** How long the oldest units have waited at most, in milliseconds. */
  readonly oldestMs: number;
}

const unknownOrigin: Origin = { abi: '', machineId: 0, bootId: 0, epoch: 0 };

/** A store that ends with the run. */
export class MemoryStore implements OutputStore {
  readonly queue: MemoryQueue;
  readonly ledger = undefined;
  readonly waitingOnDisk = 0;
  readonly uncleanSinceMs = undefined;
  readonly figures = undefined;
  onChange: () => void = () => {};
  onLoss: (records: number, cause: LossCause) => void = () => {};
  origin: Origin = unknownOrigin;

  constructor(limitBytes: number) {
    this.queue = new MemoryQueue(limitBytes, () => this.onChange());
  }

  giveUp(): void {
    this.queue.clear();
  }

  forsake(): void {
    this.queue.forsake();
  }

  async park(): Promise<number> {
    return 0;
  }

  async close(): Promise<void> {}
}

/** A store with a spool. */
export class SpooledStore implements OutputStore {
  readonly queue: SpooledQueue;
  readonly ledger: Ledger;
  readonly waitingOnDisk: number;
  readonly uncleanSinceMs: number | undefined;
  onChange: () => void = () => {};
  onLoss: (records: number, cause: LossCause) => void = () => {};
  readonly #spool: Spool;
  readonly #plan: SpoolPlan;
  readonly #expiry: NodeJS.Timeout;
  #parked = false;
  #closed: Promise<void> | undefined;

  private constructor(spool: Spool, plan: SpoolPlan, limitBytes: number, log: Logger) {
    this.#spool = spool;
    this.#plan = plan;
    this.ledger = restoreLedger(spool);
    this.waitingOnDisk = spool.records;
    this.uncleanSinceMs = spool.history.uncleanSinceMs;
    this.queue = new SpooledQueue({ spool, plan, ledger: this.ledger, log }, limitBytes, {
      changed: () => this.onChange(),
      lost: (records, cause) => this.onLoss(records, cause),
    });
    this.#expiry = setInterval(() => this.queue.expire(), expiryMs).unref();
    if (plan.maxAgeMs === 0) clearInterval(this.#expiry);
  }

  /** @throws CamflowError `SPOOL_UNAVAILABLE` */
  static async open(plan: SpoolPlan, limitBytes: number, log: Logger): Promise<SpooledStore> {
    return new SpooledStore(await Spool.open(plan, log), plan, limitBytes, log);
  }

  get origin(): Origin {
    return this.#spool.origin;
  }
  set origin(origin: Origin) {
    this.#spool.origin = origin;
  }

  get figures(): SpoolFigures {
    const oldest = this.#spool.oldestChangeMs;
    return {
      records: this.#spool.records,
      sizeBytes: this.#spool.sizeBytes,
      maxSizeBytes: this.#plan.maxSizeBytes,
      oldestMs: oldest === undefined ? 0 : Math.max(0, Date.now() - oldest),
    };
  }

  /** Nothing to do: what waits goes to the disk when the store is parked. */
  giveUp(): void {}

  /** Nothing to do, for the same reason. */
  forsake(): void {}

  async park(): Promise<number> {
    await this.queue.park();
    this.#parked = true;
    return this.#spool.records;
  }

  close(): Promise<void> {
    clearInterval(this.#expiry);
    this.#closed ??= this.#spool.close(() => this.ledger.save(), this.#parked);
    return this.#closed;
  }
}

/** The accounts of an output, with what was spooled after they were last saved. */
function restoreLedger({ history, records }: Spool): Ledger {
  const ledger = Ledger.restore(history.ledger);
  for (const parcel of history.parcels) ledger.accept({ ...parcel, records: parcel.parcelRecords });
  ledger.beginRun();
  const { produced, delivered, filtered, dropped } = ledger.save();
  const lost = Object.values(dropped).reduce((sum, count) => sum + count, 0);
  // Where the accounts were lost, what is in the spool is where they begin.
  ledger.produced += records - (produced - delivered - filtered - lost);
  if (history.otherTarget) ledger.forgetMarks();
  return ledger;
}
