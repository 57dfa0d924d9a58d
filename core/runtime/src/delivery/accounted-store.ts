import type { Logger, Origin } from '@camflow/api';
import type { Gap, Loss } from '../gaps/gap.ts';
import { Spool } from '../spool/spool.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { type Accounts, restoreAccounts } from './accounts.ts';
import type { Ledger } from './ledger.ts';
import { MemoryQueue } from './memory-queue.ts';
import type { OutputStore } from './output-store.ts';

/** How often the accounts are put on record while they change, in milliseconds. */
const saveMs = 1000;

/** A store of memory alone whose accounts outlive the run: what it lost, and that it was killed, is not forgotten. */
export class AccountedStore implements OutputStore {
  readonly queue: MemoryQueue;
  readonly ledger: Ledger;
  readonly waitingOnDisk = 0;
  readonly uncleanStop: Gap | undefined;
  readonly imbalance: number;
  readonly figures = undefined;
  onChange: () => void = () => {};
  onLoss: (loss: Loss) => void = () => {};
  patient: () => boolean = () => true;
  readonly #spool: Spool;
  readonly #log: Logger;
  readonly #saving: NodeJS.Timeout;
  #saved = '';
  #parked = false;
  #closed: Promise<void> | undefined;

  private constructor(
    spool: Spool,
    { ledger, uncleanStop, imbalance }: Accounts,
    limitBytes: number,
    log: Logger,
  ) {
    this.#spool = spool;
    this.#log = log;
    this.ledger = ledger;
    this.uncleanStop = uncleanStop;
    this.imbalance = imbalance;
    this.queue = new MemoryQueue(limitBytes, () => this.onChange(), ledger);
    this.#saving = setInterval(() => void this.#saveChanges(), saveMs).unref();
  }

  /**
   * @param plan - the folder of the accounts; nothing else goes there
   * @param rereadable - whether the source gives again what it was not told to forget
   * @throws CamflowError `SPOOL_UNAVAILABLE`
   */
  static async open(
    plan: SpoolPlan,
    limitBytes: number,
    rereadable: boolean,
    log: Logger,
  ): Promise<AccountedStore> {
    let accounts: Accounts | undefined;
    const spool = await Spool.open(plan, log, (found) => {
      const restored = restoreAccounts(found, rereadable, log);
      accounts = restored;
      return () => restored.ledger.save();
    });
    if (!spool.isEmpty) {
      log.warn('units wait in the spool of an output that has none any more', {
        folder: plan.folder,
        hint: 'Set spool=overflow to have them delivered; camflow spool cat prints them, camflow spool rm removes them.',
      });
    }
    return new AccountedStore(spool, accounts!, limitBytes, log);
  }

  get origin(): Origin {
    return this.#spool.origin;
  }
  set origin(origin: Origin) {
    this.#spool.origin = origin;
  }

  drain(): void {}

  giveUp(): void {
    this.queue.clear();
  }

  forsake(): void {
    this.queue.forsake();
  }

  async park(): Promise<number> {
    this.#parked = true;
    return 0;
  }

  async save(): Promise<void> {
    try {
      await this.#spool.save();
    } catch (error) {
      this.#log.warn('the accounts of an output cannot be saved', { error: (error as Error).message });
    }
  }

  close(): Promise<void> {
    clearInterval(this.#saving);
    // A run that never began has lost nothing.
    this.#closed ??= this.#spool.close(this.#parked || !this.queue.used);
    return this.#closed;
  }

  async #saveChanges(): Promise<void> {
    const now = JSON.stringify(this.ledger.save());
    if (now === this.#saved) return;
    this.#saved = now;
    await this.save();
  }
}
