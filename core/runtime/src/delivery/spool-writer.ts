import { describeError, type Logger, type LossCause } from '@camflow/api';
import type { Spool, StoredParcel } from '../spool/spool.ts';
import type { SpoolPlan } from '../spool/spool-plan.ts';
import { Backoff } from './backoff.ts';
import type { HeldParcel } from './held-parcel.ts';
import { SpoolRoom } from './spool-room.ts';

/** Bytes of units that are written to the disk at once. */
const writeBytes = 8 << 20;

/** How long the next attempt to write to a disk that takes nothing is put off at most, in milliseconds. */
const mostRetryMs: Readonly<Record<SpoolPlan['whenFull'], number>> = {
  block: 10_000,
  // Units may be dropped meanwhile.
  drop_oldest: 1_000,
  drop_newest: 1_000,
};

/** What becomes of parcels on their way to the disk, told to the queue that they are of. */
export interface WriterEvents {
  /** A parcel is on the disk. */
  stored(held: HeldParcel, stored: StoredParcel): void;
  /** The disk did not take a parcel, and the output has it by now. */
  unneeded(held: HeldParcel): void;
  /** A parcel does not get to the disk, and waits for it no more. */
  discarded(held: HeldParcel, cause: LossCause): void;
  /** Whether the output is at a parcel. */
  isHead(held: HeldParcel): boolean;
  /** Drops the oldest segment. @returns false where there is none */
  dropOldest(cause: LossCause): Promise<boolean>;
  /** Fewer wait than before, or the output may be given them from memory. */
  progressed(): void;
  /** Nothing is done to the disk's end of the spool any more. */
  ended(): void;
}

/**
 * The way of parcels from memory to the disk, in order. One thing at a time is done to that end of the spool; a disk that
 * takes nothing is tried again and again, and what may be dropped meanwhile is the rule of the plan.
 */
export class SpoolWriter {
  readonly #spool: Spool;
  readonly #plan: SpoolPlan;
  readonly #limitBytes: number;
  readonly #log: Logger;
  readonly #events: WriterEvents;
  readonly #room: SpoolRoom;
  readonly #stopping: AbortController = new AbortController();
  #waiting: HeldParcel[] = [];
  /** Bytes in memory of what waits. */
  #waitingBytes = 0;
  /** Bytes in memory of what is being written. */
  #writingBytes = 0;
  #working: Promise<void> | undefined;
  /** The disk takes nothing. */
  #stuck = false;
  /** Ends the wait for a disk that takes nothing, as memory is used up. */
  #usedUp: AbortController | undefined;
  /** The troubles there are, each of which was told. */
  readonly #told: Set<string> = new Set();

  /** @param limitBytes - of what may wait in memory */
  constructor(
    parts: { readonly spool: Spool; readonly plan: SpoolPlan; readonly log: Logger },
    limitBytes: number,
    events: WriterEvents,
  ) {
    this.#spool = parts.spool;
    this.#plan = parts.plan;
    this.#log = parts.log;
    this.#limitBytes = limitBytes;
    this.#events = events;
    this.#room = new SpoolRoom({
      spool: parts.spool,
      plan: parts.plan,
      stopping: this.#stopping.signal,
      dropOldest: (cause) => events.dropOldest(cause),
      complain: (message) => this.#complain(message),
    });
  }

  /** Whether anything waits. */
  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  /** Whether the disk takes nothing: what waits for it is given to the output from memory. */
  get isStuck(): boolean {
    return this.#stuck;
  }

  /**
   * Whether memory has no room for more that waits for the disk. Where that takes nothing, an attempt to write makes no
   * room; and where units are to be dropped for it, there is more.
   */
  get isUsedUp(): boolean {
    if (!this.#stuck) return this.#waitingBytes >= this.#limitBytes;
    const most = this.#plan.whenFull === 'block' ? this.#limitBytes : 2 * this.#limitBytes;
    return this.#waitingBytes + this.#writingBytes >= most;
  }

  /** Writes what is in memory only, behind what waits. */
  write(parcels: readonly HeldParcel[]): void {
    for (const held of parcels) {
      held.state = 'waiting';
      this.#waiting.push(held);
      this.#waitingBytes += held.offer.memoryBytes;
    }
    this.#work(() => this.#writeAll());
    if (this.isUsedUp) this.#usedUp?.abort();
  }

  /** A parcel that waits needs to wait no more. */
  forget(held: HeldParcel): void {
    this.#waiting.splice(this.#waiting.indexOf(held), 1);
    this.#waitingBytes -= held.offer.memoryBytes;
  }

  /** The output has taken something: there may be room. */
  wake(): void {
    this.#room.wake();
  }

  /** The run is about to end: nothing waits for room on the disk any more. */
  drain(): void {
    this.#room.drain();
  }

  /** Units that are on the disk longer than is allowed are dropped, though nothing new comes. */
  expire(): void {
    this.#work(() => this.#room.expire());
  }

  /** From now on nothing waits for a disk that takes nothing either. */
  stop(): void {
    this.#stopping.abort();
    this.#room.wake();
  }

  /** Settles when nothing waits and nothing is written. */
  async idle(): Promise<void> {
    while (this.#working !== undefined) await this.#working;
  }

  /** Puts the accounts on record. Never rejects. */
  async save(): Promise<void> {
    try {
      await this.#spool.save();
    } catch (error) {
      this.#complain('the state of the spool cannot be saved', error);
    }
  }

  #work(task: () => Promise<void>): void {
    this.#working ??= task()
      .catch((error: unknown) => this.#complain('the spool fails', error))
      .finally(() => {
        this.#working = undefined;
        this.#events.ended();
      });
  }

  async #writeAll(): Promise<void> {
    // What is offered together is written together.
    await Promise.resolve();
    const backoff = new Backoff(mostRetryMs[this.#plan.whenFull]);
    for (let first = this.#waiting[0]; first !== undefined; first = this.#waiting[0]) {
      const room = await this.#room.make(first.frameBytes);
      // The output may have taken it meanwhile.
      if (room === 'again' || this.#waiting[0] !== first) continue;
      if (room !== 'room') this.#discard(first, room);
      else await this.#append(this.#takeWaiting(), backoff);
      this.#events.progressed();
    }
    this.#stuck = false;
    void this.save();
  }

  async #append(parcels: readonly HeldParcel[], backoff: Backoff): Promise<void> {
    let done = 0;
    try {
      await this.#spool.append(
        parcels.map(({ offer }) => offer.parcel),
        (stored) => {
          for (const place of stored) {
            const held = parcels[done++]!;
            this.#writingBytes -= held.offer.memoryBytes;
            this.#events.stored(held, place);
          }
        },
      );
      this.#told.clear();
      this.#stuck = false;
    } catch (error) {
      this.#complain('the spool cannot be written; what waits for it stays in memory', error);
      this.#putBack(parcels.slice(done));
      await this.#waitForDisk(backoff);
    }
  }

  /** The first that waits, and those behind it that are written with it. */
  #takeWaiting(): HeldParcel[] {
    const parcels: HeldParcel[] = [];
    let bytes = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      bytes += next.frameBytes;
      if (parcels.length > 0 && (bytes > writeBytes || !this.#spool.hasRoom(bytes))) break;
      this.forget(next);
      next.state = 'writing';
      this.#writingBytes += next.offer.memoryBytes;
      parcels.push(next);
    }
    return parcels;
  }

  /** The disk did not take parcels: the output may, as long as memory has room for them. */
  #putBack(parcels: readonly HeldParcel[]): void {
    this.#stuck = true;
    for (const { offer } of parcels) this.#writingBytes -= offer.memoryBytes;
    for (const held of parcels) if (held.finished) this.#events.unneeded(held);
    const unfinished = parcels.filter(({ finished }) => !finished);
    for (const held of unfinished) {
      held.state = 'waiting';
      this.#waitingBytes += held.offer.memoryBytes;
    }
    this.#waiting.unshift(...unfinished);
  }

  /** Waits for a moment, or makes room by the rule of the plan where memory has no more of it. */
  async #waitForDisk(backoff: Backoff): Promise<void> {
    const { whenFull } = this.#plan;
    const stopping = this.#stopping.signal;
    const hasToDrop = (): boolean => stopping.aborted || (whenFull !== 'block' && this.isUsedUp);
    if (hasToDrop()) {
      if (whenFull === 'drop_oldest' && (await this.#events.dropOldest('spool_full'))) return;
      this.#complain('what can neither be spooled nor kept in memory is dropped');
      for (const held of whenFull === 'drop_oldest' ? [...this.#waiting] : [...this.#waiting].reverse()) {
        if (!hasToDrop()) return;
        if (stopping.aborted || !this.#events.isHead(held)) this.#discard(held, 'spool_full');
      }
      return;
    }
    this.#events.progressed();
    this.#usedUp = new AbortController();
    await backoff.wait(AbortSignal.any([stopping, this.#usedUp.signal]));
    this.#usedUp = undefined;
  }

  #discard(held: HeldParcel, cause: LossCause): void {
    this.forget(held);
    this.#events.discarded(held, cause);
  }

  /** One line for a row of the same trouble; the records of each are counted. */
  #complain(message: string, error?: unknown): void {
    if (this.#told.has(message)) return;
    this.#told.add(message);
    this.#log.warn(message, {
      folder: this.#plan.folder,
      ...(error === undefined ? {} : { error: describeError(error) }),
    });
  }
}
