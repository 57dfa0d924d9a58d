import type { CaptureSource, RelayBatch, Slab } from '@camflow/api';
import type { CommitTracker, ReadBatch } from '../delivery/commit-tracker.ts';
import type { SlabPool } from '../memory/slab-pool.ts';
import type { KnownTexts } from '../names/known-texts.ts';
import { type AcceptedBatch, type CheckedBatch, checkBatch } from './accepted-batch.ts';
import type { Dispatcher } from './dispatcher.ts';

/** What the read loop works with. */
export interface ReaderParts {
  readonly source: CaptureSource;
  readonly slabs: SlabPool;
  readonly known: KnownTexts;
  readonly dispatcher: Dispatcher;
  readonly commits: CommitTracker;
  /**
   * Told of every batch before anything else happens to it.
   * @returns false where every output had its records in an earlier run: only its names are learned then
   */
  readonly onRead: (batch: CheckedBatch) => boolean;
  /** Settles when every output has on record what it lost so far. Never rejects. */
  readonly onRecord: () => Promise<void>;
  /** Told when everything that was read is passed on. */
  readonly onEnd: () => Promise<void>;
}

/**
 * The read loop: takes a free slab, has the source fill it, learns names, and dispatches. Long batches go at
 * once; short ones are held until their round ends, since the names they need come with its long ones.
 */
export class Reader {
  readonly #parts: ReaderParts;
  readonly #held: AcceptedBatch[] = [];
  /** Settles when all losses so far are on record. */
  #recorded: Promise<unknown> = Promise.resolve();

  constructor(parts: ReaderParts) {
    this.#parts = parts;
  }

  /**
   * Reads until the source ends, or until the slabs are closed.
   * @param signal - aborted to make the source finish
   * @throws what the source throws; everything read before was dispatched
   */
  async run(signal: AbortSignal): Promise<void> {
    const { slabs, source, dispatcher, commits } = this.#parts;
    try {
      for (let slab = await slabs.take(); slab !== null; slab = await slabs.take()) {
        commits.reading(Date.now());
        const batch = await source.read(slab, signal);
        if (batch === null) {
          slabs.give(slab);
          break;
        }
        await this.#accept(batch, slab);
      }
    } finally {
      await this.#releaseHeld();
      await dispatcher.idle();
      await this.#parts.onEnd();
      await dispatcher.idle();
      await this.#recorded;
    }
  }

  async #accept(relay: RelayBatch, slab: Slab): Promise<void> {
    const { source, slabs, known, dispatcher, commits, onRead } = this.#parts;
    const checked = checkBatch(relay, slab);
    const isNew = onRead(checked);
    const batch: AcceptedBatch = { ...checked, read: commits.begin(relay.id) };
    if (hasLoss(relay)) this.#settleOnRecord(batch.read);
    const start = slab.bytes.byteOffset;
    await known.learn(relay, checked.abi, start, dispatcher.nextTick, () => dispatcher.idle());
    if (!isNew || (batch.byteLength === 0 && relay.securityContexts.length === 0)) {
      dispatcher.pass((relay.loss.shed ?? 0) > 0);
      commits.settle(batch.read);
      slabs.give(slab);
    } else if (relay.stream.kind === 'long') {
      await dispatcher.dispatch(batch);
    } else {
      this.#held.push(batch);
    }
    // A source that holds back more than it said is not waited for: no slab would be left to read into.
    if (relay.endOfRound || this.#held.length > source.capabilities.heldBatches) await this.#releaseHeld();
  }

  /** A source that is told to forget a loss tells nobody of it again: not before it is in the accounts of every output. */
  #settleOnRecord(read: ReadBatch): void {
    const { commits, onRecord } = this.#parts;
    read.open++;
    const recorded = onRecord().then(() => commits.settle(read));
    this.#recorded = Promise.all([this.#recorded, recorded]);
  }

  async #releaseHeld(): Promise<void> {
    for (const batch of this.#held.splice(0)) await this.#parts.dispatcher.dispatch(batch);
  }
}

function hasLoss({ loss, lossOfUnknownSize = [] }: RelayBatch): boolean {
  return lossOfUnknownSize.length > 0 || Object.values(loss).some((records) => records > 0);
}
