import type { Logger, Origin } from '@camflow/api';
import type { Gap, Loss } from '../gaps/gap.ts';
import { Spool } from '../spool/spool.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { type Accounts, restoreAccounts } from './accounts.ts';
import type { DeliveryQueue } from './delivery-queue.ts';
import type { Ledger } from './ledger.ts';
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
  /** What an earlier run lost as it was killed; undefined where it was not, or lost nothing by that. */
  readonly uncleanStop: Gap | undefined;
  /** Records by which the accounts of earlier runs do not close, though these ended in order. */
  readonly imbalance: number;
  /** The state of the spool, for whoever watches. */
  readonly figures: SpoolFigures | undefined;
  /** Called where there may be something to deliver, or room, that there was not before. */
  onChange: () => void;
  /** Called where records are lost while they wait. */
  onLoss: (loss: Loss) => void;
  /** Where the records come from; set before anything is offered. */
  origin: Origin;
  /** Whether it may hold back the source for a moment before it uses its disk: nothing is lost, nobody else waits. */
  patient: () => boolean;
  /** The run is about to end: whoever waits for room on the disk gets it. */
  drain(): void;
  /** What waits in memory is no longer wanted, unless there is a disk for it. */
  giveUp(): void;
  /** What waits in memory alone is given up for good, and the source need not give it again. */
  forsake(): void;
  /** @returns records that are left for the next run */
  park(): Promise<number>;
  /** Puts the accounts on record, where there are any. Never rejects. */
  save(): Promise<void>;
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
  readonly uncleanStop = undefined;
  readonly imbalance = 0;
  readonly figures = undefined;
  onChange: () => void = () => {};
  onLoss: (loss: Loss) => void = () => {};
  origin: Origin = unknownOrigin;
  patient: () => boolean = () => true;

  constructor(limitBytes: number) {
    this.queue = new MemoryQueue(limitBytes, () => this.onChange());
  }

  drain(): void {}

  giveUp(): void {
    this.queue.clear();
  }

  forsake(): void {
    this.queue.forsake();
  }

  async park(): Promise<number> {
    return 0;
  }

  async save(): Promise<void> {}

  async close(): Promise<void> {}
}

/** A store with a spool. */
export class SpooledStore implements OutputStore {
  readonly queue: SpooledQueue;
  readonly ledger: Ledger;
  readonly waitingOnDisk: number;
  readonly uncleanStop: Gap | undefined;
  readonly imbalance: number;
  onChange: () => void = () => {};
  onLoss: (loss: Loss) => void = () => {};
  readonly #spool: Spool;
  readonly #plan: SpoolPlan;
  readonly #expiry: NodeJS.Timeout;
  #parked = false;
  #closed: Promise<void> | undefined;

  private constructor(
    parts: { readonly spool: Spool; readonly plan: SpoolPlan; readonly log: Logger },
    { ledger, uncleanStop, imbalance }: Accounts,
    limitBytes: number,
  ) {
    const { spool, plan } = parts;
    this.#spool = spool;
    this.#plan = plan;
    this.ledger = ledger;
    this.waitingOnDisk = spool.records;
    this.uncleanStop = uncleanStop;
    this.imbalance = imbalance;
    this.queue = new SpooledQueue({ ...parts, ledger }, limitBytes, {
      changed: () => this.onChange(),
      lost: (loss) => this.onLoss(loss),
    });
    this.#expiry = setInterval(() => this.queue.expire(), expiryMs).unref();
    if (plan.maxAgeMs === 0) clearInterval(this.#expiry);
  }

  /**
   * @param rereadable - whether the source gives again what it was not told to forget: then a run that was killed has
   * lost nothing
   * @throws CamflowError `SPOOL_UNAVAILABLE`
   */
  static async open(
    plan: SpoolPlan,
    limitBytes: number,
    rereadable: boolean,
    log: Logger,
  ): Promise<SpooledStore> {
    let accounts: Accounts | undefined;
    const spool = await Spool.open(plan, log, (found) => {
      const restored = restoreAccounts(found, rereadable, log);
      accounts = restored;
      return () => restored.ledger.save();
    });
    return new SpooledStore({ spool, plan, log }, accounts!, limitBytes);
  }

  get origin(): Origin {
    return this.#spool.origin;
  }
  set origin(origin: Origin) {
    this.#spool.origin = origin;
  }

  get patient(): () => boolean {
    return this.queue.patient;
  }
  set patient(patient: () => boolean) {
    this.queue.patient = patient;
  }

  get figures(): SpoolFigures {
    return {
      records: this.#spool.records,
      sizeBytes: this.#spool.sizeBytes,
      maxSizeBytes: this.#plan.maxSizeBytes,
      oldestMs: this.#spool.oldestMs ?? 0,
    };
  }

  drain(): void {
    this.queue.drain();
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

  save(): Promise<void> {
    return this.queue.save();
  }

  close(): Promise<void> {
    clearInterval(this.#expiry);
    // A run that never began has lost nothing.
    this.#closed ??= this.#spool.close(this.#parked || !this.queue.used);
    return this.#closed;
  }
}
