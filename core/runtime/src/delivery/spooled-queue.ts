import { describeError, type Logger, type LossCause, type UnitBatch } from '@camflow/api';
import type { Loss } from '../gaps/gap.ts';
import { extentsOf, type LostExtent } from '../spool/lost-frames.ts';
import { frameSizeBytes } from '../spool/parcel.ts';
import type { Spool, StoredParcel } from '../spool/spool.ts';
import { frameBytes, type SpoolPlan } from '../spool/spool-plan.ts';
import type { SpoolPlace } from '../spool/spool-state.ts';
import { Backoff } from './backoff.ts';
import type { Delivery, DeliveryOutcome, DeliveryQueue, Offer } from './delivery-queue.ts';
import type { Ledger } from './ledger.ts';
import { piecesOf } from './offer-pieces.ts';
import { Patience } from './patience.ts';
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

/** A parcel in memory, or a piece of one: what is one frame on the disk. */
interface Held extends Delivery {
  readonly offer: Offer;
  /** What it takes on the disk at most. */
  readonly frameBytes: number;
  /**
   * - `memory`: there only
   * - `waiting`, `writing`: on its way to the disk
   * - `stored`: on the disk too
   * - `kept`: no disk takes it, and the output is at it
   */
  state: 'memory' | 'waiting' | 'writing' | 'stored' | 'kept';
  stored: StoredParcel | undefined;
  /** Delivered, or counted as lost. */
  finished: boolean;
  /** When it came, in milliseconds of the monotonic clock. */
  readonly offeredAtMs: number;
}

/** A part of a parcel that was read from the disk. */
interface FromDisk extends Delivery {
  readonly capturedAtMs: number;
  readonly after: SpoolPlace;
}

/** What a queue tells of. */
export interface QueueEvents {
  /** There may be a head, or room, that there was not before. */
  changed(): void;
  /** Records were lost on the way. */
  lost(loss: Loss): void;
}

/**
 * A queue whose tail is on the disk. Parcels stay in memory as long as it has room for them; whether they go to
 * the disk as well, at once or only where memory is full, is the rule of the plan. While anything is on the disk,
 * what follows goes there too, which keeps the order.
 */
export class SpooledQueue implements DeliveryQueue {
  readonly persistent = true;
  lastCapturedAtMs: number | undefined;
  /** Whether more may wait until the output has made room, as nothing is lost and nobody else held up by that. */
  patient: () => boolean = () => false;
  /** Whether anything was ever offered. */
  used = false;
  readonly #spool: Spool;
  readonly #plan: SpoolPlan;
  readonly #ledger: Ledger;
  readonly #limitBytes: number;
  readonly #log: Logger;
  readonly #events: QueueEvents;
  readonly #stopping: AbortController = new AbortController();
  /** In order; what is on the disk only stands between those that are in memory and their successors. */
  #held: Held[] = [];
  #waiting: Held[] = [];
  #heldBytes = 0;
  #waitingBytes = 0;
  /** Bytes of what is being written. */
  #writingBytes = 0;
  #writing: Promise<void> | undefined;
  #head: Held | FromDisk | undefined;
  /** Why the head is on the disk no more, though it was not delivered yet. */
  #headDropped: LossCause | undefined;
  readonly #room: SpoolRoom;
  #soon: NodeJS.Immediate | undefined;
  #delay: NodeJS.Timeout | undefined;
  /** Lasts while more waits for the output to make room: until it is seen that it does not. */
  readonly #patience: Patience = new Patience(() => this.#losePatience());
  #complaining = false;
  /** The disk takes nothing: what waits for it is given to the output from memory. */
  #stuck = false;
  /** Ends the wait for a disk that takes nothing, as memory is used up. */
  #usedUp: AbortController | undefined;

  constructor(
    parts: { readonly spool: Spool; readonly plan: SpoolPlan; readonly ledger: Ledger; readonly log: Logger },
    limitBytes: number,
    events: QueueEvents,
  ) {
    this.#spool = parts.spool;
    this.#plan = parts.plan;
    this.#ledger = parts.ledger;
    this.#log = parts.log;
    this.#limitBytes = limitBytes;
    this.#events = events;
    this.#room = new SpoolRoom({
      ...parts,
      stopping: this.#stopping.signal,
      dropOldest: (cause) => this.#dropOldest(cause),
      complain: (message) => this.#complain(message),
    });
  }

  get roomy(): boolean {
    return !this.#isUsedUp && !this.#patience.lasts;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0 && this.#spool.isEmpty;
  }

  offer(offer: Offer): void {
    this.used = true;
    const offeredAtMs = performance.now();
    for (const piece of piecesOf(offer, frameBytes(this.#plan))) {
      const { units, records } = piece.parcel;
      const byteLength = units.count === 0 ? 0 : units.ends[units.count - 1]!;
      this.#held.push({
        offer: piece,
        frameBytes: frameSizeBytes(piece.parcel),
        units,
        records,
        byteLength,
        state: 'memory',
        stored: undefined,
        finished: false,
        offeredAtMs,
      });
    }
    this.#heldBytes += offer.memoryBytes;
    const { mode, delayMs } = this.#plan;
    const isFull = this.#heldBytes > this.#limitBytes;
    const holdsBack = isFull && this.patient() && this.#isAllInMemory();
    if (holdsBack) this.#patience.begin();
    if (this.#isAhead || this.#waiting.length > 0 || !this.#spool.isEmpty) {
      this.#store();
      if (this.#isUsedUp) this.#usedUp?.abort();
      this.#events.changed();
      return;
    }
    this.#events.changed();
    if (isFull && !holdsBack) this.#storeSoon();
    if (mode === 'always') this.#delay ??= setTimeout(() => this.#storeLate(), delayMs).unref();
  }

  async head(): Promise<Delivery | undefined> {
    while (this.#head === undefined) {
      const first = this.#held[0];
      if (first !== undefined && this.#isDeliverable(first)) this.#head = first;
      else if (this.#spool.isEmpty || !(await this.#readNext())) return undefined;
    }
    return this.#head;
  }

  async done(delivery: Delivery, { delivered, lost, taken }: DeliveryOutcome): Promise<void> {
    if (this.#head !== delivery) return;
    const head = this.#head;
    this.#head = undefined;
    this.#headDropped = undefined;
    this.#ledger.delivered += delivered;
    this.lastCapturedAtMs = 'after' in head ? head.capturedAtMs : head.offer.parcel.capturedAtMs;
    for (const [cause, records] of Object.entries(lost) as [LossCause, number][])
      this.#ledger.drop(records, cause);
    if ('after' in head) {
      this.#ledger.moveSpooled(head.after.frame, taken ? 'taken' : 'refused');
      this.#acknowledge(head.after);
    } else {
      head.offer.moved(taken ? 'taken' : 'refused');
      this.#held.shift();
      head.finished = true;
      if (head.state === 'stored') {
        this.#letGo(head);
        this.#acknowledge(head.stored!.after);
      } else if (head.state !== 'writing') {
        if (head.state === 'waiting') this.#waitNoMore(head);
        this.#settleUnstored(head);
      }
    }
    // One delay is not to send all that follows over the disk: an output that reads from there may catch up first.
    const isBehind = this.#heldBytes > this.#limitBytes || !this.#isAllInMemory();
    if (isBehind && this.patient()) this.#patience.renew();
    else this.#patience.end();
    this.#room.wake();
    this.#events.changed();
  }

  /** The run is about to end: nothing waits for room on the disk any more. */
  drain(): void {
    this.#room.drain();
  }

  /** Puts what is only in memory on the disk. Settles when all of it is there, or lost. */
  async park(): Promise<void> {
    clearTimeout(this.#delay);
    this.#stopping.abort();
    this.#room.wake();
    this.#store();
    while (this.#writing !== undefined) await this.#writing;
    // Behind what followed it, it would be out of order.
    if (this.#headDropped !== undefined) this.#loseHead(this.#headDropped);
  }

  /** Units that are on the disk longer than is allowed are dropped, though nothing new comes. */
  expire(): void {
    this.#work(() => this.#room.expire());
  }

  /** Puts the accounts on record. Never rejects. */
  async save(): Promise<void> {
    try {
      await this.#spool.save();
    } catch (error) {
      this.#complain('the state of the spool cannot be saved', error);
    }
  }

  /** Whether units go to the disk before they go to the output. */
  get #isAhead(): boolean {
    return this.#plan.mode === 'always' && this.#plan.delayMs === 0;
  }

  /**
   * Whether memory has no room for more that waits for the disk. Where that takes nothing, an attempt to write makes no
   * room; and where units are to be dropped for it, there is more.
   */
  get #isUsedUp(): boolean {
    if (!this.#stuck) return this.#waitingBytes >= this.#limitBytes;
    const most = this.#plan.whenFull === 'block' ? this.#limitBytes : 2 * this.#limitBytes;
    return this.#waitingBytes + this.#writingBytes >= most;
  }

  #isNext({ frame }: StoredParcel): boolean {
    return frame <= this.#spool.read.frame;
  }

  /** What is on the disk only is older than what is not there yet: it comes first. */
  #isDeliverable({ state, stored, frameBytes }: Held): boolean {
    if (stored !== undefined) return this.#isNext(stored);
    if (!this.#spool.isEmpty) return false;
    const mustBeStored = this.#isAhead && state !== 'memory' && this.#spool.refusal(frameBytes) === undefined;
    return !mustBeStored || this.#stuck;
  }

  /** Reads from the disk; false where nothing is there. */
  async #readNext(): Promise<boolean> {
    const before = this.#spool.read.frame;
    const read = await this.#spool.next();
    if (read === undefined) return false;
    // Dropped while it was read: it is counted already.
    if (this.#spool.read.frame !== before) return true;
    const { lost, frame, after } = read;
    if (lost > 0 || frame === undefined) {
      const { number, recordsBefore, capturedAtMs } = frame ?? {
        number: after.frame,
        recordsBefore: after.records,
        capturedAtMs: after.capturedAtMs,
      };
      const untilMs = capturedAtMs ?? Date.now();
      const fromMs = Math.min(this.#spool.read.capturedAtMs ?? untilMs, untilMs);
      this.#lose('spool_damaged', [{ stream: undefined, count: lost, fromMs, untilMs }]);
      this.#ledger.moveSpooled(number, 'dropped');
      this.#acknowledge(
        frame === undefined ? after : { ...this.#spool.read, frame: number, records: recordsBefore },
      );
    }
    if (frame === undefined) return true;
    const { units, records, numbering, stream, firstSequence, firstUnit, capturedAtMs } = frame;
    const batch: UnitBatch = { ...units, source: { numbering, stream, firstSequence, firstUnit } };
    this.#head = {
      units: batch,
      records,
      byteLength: units.bytes.length,
      capturedAtMs,
      after,
    } satisfies FromDisk;
    return true;
  }

  /**
   * Results that waited for their turn come all at once, faster than even an output without delay is given them. So
   * it gets its chance first: only what it has not taken by the next turn of the event loop goes to the disk.
   */
  #storeSoon(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      if (this.#heldBytes > this.#limitBytes) this.#store();
    });
  }

  /** What came early enough for an output that keeps up, and is still here, goes to the disk with all that followed. */
  #storeLate(): void {
    this.#delay = undefined;
    const oldest = this.#held.find(({ state }) => state === 'memory');
    if (oldest === undefined) return;
    const leftMs = oldest.offeredAtMs + this.#plan.delayMs - performance.now();
    if (leftMs > 0) this.#delay = setTimeout(() => this.#storeLate(), Math.ceil(leftMs)).unref();
    else this.#store();
  }

  /** Whether nothing has to be read from the disk. */
  #isAllInMemory(): boolean {
    let records = this.#spool.records;
    for (const held of this.#held) if (held.state === 'stored') records -= held.records;
    return records === 0;
  }

  /** The output takes its time: others wait no more. */
  #losePatience(): void {
    this.#store();
    this.#trim();
    this.#events.changed();
  }

  /** Everything that is in memory only goes to the disk. */
  #store(): void {
    for (const held of this.#held) {
      if (held.state !== 'memory') continue;
      held.state = 'waiting';
      this.#waiting.push(held);
      this.#waitingBytes += held.offer.memoryBytes;
    }
    this.#work(() => this.#writeAll());
  }

  /** One thing at a time is done to the disk's end of the spool. */
  #work(task: () => Promise<void>): void {
    this.#writing ??= task()
      .catch((error: unknown) => this.#complain('the spool fails', error))
      .finally(() => {
        this.#writing = undefined;
        if (this.#waiting.length > 0) this.#store();
        this.#events.changed();
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
      else await this.#write(this.#takeWaiting(), backoff);
      this.#trim();
      this.#events.changed();
    }
    this.#stuck = false;
    void this.save();
  }

  async #write(parcels: readonly Held[], backoff: Backoff): Promise<void> {
    let done = 0;
    try {
      await this.#spool.append(
        parcels.map(({ offer }) => offer.parcel),
        (stored) => {
          for (const parcel of stored) this.#stored(parcels[done++]!, parcel);
        },
      );
      this.#complaining = false;
      this.#stuck = false;
    } catch (error) {
      this.#complain('the spool cannot be written; what waits for it stays in memory', error);
      this.#putBack(parcels.slice(done));
      await this.#waitForDisk(backoff);
    }
  }

  /** The first that waits, and those behind it that are written with it. */
  #takeWaiting(): Held[] {
    const parcels: Held[] = [];
    let bytes = 0;
    for (let next = this.#waiting[0]; next !== undefined; next = this.#waiting[0]) {
      bytes += next.frameBytes;
      if (parcels.length > 0 && (bytes > writeBytes || !this.#spool.hasRoom(bytes))) break;
      this.#waitNoMore(next);
      next.state = 'writing';
      this.#writingBytes += next.offer.memoryBytes;
      parcels.push(next);
    }
    return parcels;
  }

  /** The disk did not take parcels: the output may, as long as memory has room for them. */
  #putBack(parcels: readonly Held[]): void {
    this.#stuck = true;
    for (const { offer } of parcels) this.#writingBytes -= offer.memoryBytes;
    for (const held of parcels) if (held.finished) this.#settleUnstored(held);
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
    const hasToDrop = (): boolean => stopping.aborted || (whenFull !== 'block' && this.#isUsedUp);
    if (hasToDrop()) {
      if (whenFull === 'drop_oldest' && (await this.#dropOldest('spool_full'))) return;
      this.#complain('what can neither be spooled nor kept in memory is dropped');
      for (const held of whenFull === 'drop_oldest' ? [...this.#waiting] : [...this.#waiting].reverse()) {
        if (!hasToDrop()) return;
        if (stopping.aborted || held !== this.#head) this.#discard(held, 'spool_full');
      }
      return;
    }
    this.#events.changed();
    this.#usedUp = new AbortController();
    await backoff.wait(AbortSignal.any([stopping, this.#usedUp.signal]));
    this.#usedUp = undefined;
  }

  #waitNoMore(held: Held): void {
    this.#waiting.splice(this.#waiting.indexOf(held), 1);
    this.#waitingBytes -= held.offer.memoryBytes;
  }

  async #dropOldest(cause: LossCause): Promise<boolean> {
    const endOfHead = (): SpoolPlace | undefined => {
      const head = this.#head;
      return head && ('after' in head ? head.after : head.stored?.after);
    };
    const any = await this.#spool.dropOldest(endOfHead, (lost) => {
      this.#lose(cause, lost);
      const reached = this.#spool.read.frame;
      const head = endOfHead();
      this.#ledger.moveSpooled(reached, 'dropped', head?.frame);
      if (head !== undefined && head.frame <= reached) this.#headDropped ??= cause;
      this.#held = this.#held.filter((each) => {
        const gone = each !== this.#head && each.stored !== undefined && each.stored.after.frame <= reached;
        if (gone) this.#letGo(each);
        return !gone;
      });
    });
    if (any) void this.save();
    return any;
  }

  #stored(held: Held, stored: StoredParcel): void {
    this.#writingBytes -= held.offer.memoryBytes;
    held.state = 'stored';
    held.stored = stored;
    this.#ledger.accept(held.offer.parcel);
    held.offer.settled();
    if (!held.finished) {
      held.offer.moved({ frameAfter: stored.after.frame });
      return;
    }
    this.#letGo(held);
    this.#acknowledge(stored.after);
  }

  /** A parcel that waits for the disk does not get there. */
  #discard(held: Held, cause: LossCause): void {
    this.#waitNoMore(held);
    if (held === this.#head) {
      // Being delivered: it is lost only where that does not come to its end.
      held.state = 'kept';
      this.#headDropped ??= cause;
      return;
    }
    this.#held.splice(this.#held.indexOf(held), 1);
    this.#ledger.accept(held.offer.parcel);
    this.#lose(cause, extentsOfDelivery(held));
    held.offer.moved('dropped');
    this.#letGo(held);
    void this.save().then(() => held.offer.settled());
  }

  /** What is being delivered has no place on the disk, and the run ends. */
  #loseHead(cause: LossCause): void {
    const head = this.#head!;
    this.#head = undefined;
    this.#headDropped = undefined;
    this.#lose(cause, extentsOfDelivery(head));
    if ('after' in head) {
      this.#ledger.moveSpooled(head.after.frame, 'dropped');
      return;
    }
    head.offer.moved('dropped');
    if (head.state !== 'kept') return;
    this.#held.shift();
    this.#ledger.accept(head.offer.parcel);
    this.#letGo(head);
    head.offer.settled();
  }

  /** The output has what stands before a place on the disk. It goes on while room is made there. */
  #acknowledge(place: SpoolPlace): void {
    void this.#spool.acknowledge(place).then(() => this.#room.wake());
    void this.save();
  }

  /** A parcel was delivered from memory and is on no disk. */
  #settleUnstored(held: Held): void {
    this.#ledger.accept(held.offer.parcel);
    this.#letGo(held);
    // Only when it is on record that the output has it may the source forget it.
    void this.save().then(() => held.offer.settled());
  }

  #letGo(held: Held): void {
    this.#heldBytes -= held.offer.memoryBytes;
    held.offer.release();
  }

  /**
   * Frees the memory of what is on the disk, the last first, until the bound is kept. What is still on its way there
   * does not count: it has a bound of its own, and an output that keeps up is not to be read to from the disk for it.
   */
  #trim(): void {
    if (this.#patience.lasts) return;
    let bytes = 0;
    for (const { state, offer } of this.#held) if (state === 'stored') bytes += offer.memoryBytes;
    for (let i = this.#held.length - 1; i >= 0 && bytes > this.#limitBytes; i--) {
      const held = this.#held[i]!;
      if (held.state !== 'stored' || held === this.#head) continue;
      this.#held.splice(i, 1);
      this.#letGo(held);
      bytes -= held.offer.memoryBytes;
    }
  }

  #lose(cause: LossCause, lost: readonly LostExtent[]): void {
    for (const extent of lost) {
      if (extent.count === 0) continue;
      this.#ledger.drop(extent.count, cause);
      this.#events.lost({ cause, ...extent });
    }
  }

  /** One line for a row of troubles; the records of each are counted. */
  #complain(message: string, error?: unknown): void {
    if (this.#complaining) return;
    this.#complaining = true;
    this.#log.warn(message, {
      folder: this.#plan.folder,
      ...(error === undefined ? {} : { error: describeError(error) }),
    });
  }
}

function extentsOfDelivery(delivery: Held | FromDisk): LostExtent[] {
  const { capturedAtMs } = 'after' in delivery ? delivery : delivery.offer.parcel;
  const { stream } = delivery.units.source!;
  return extentsOf([{ stream, records: delivery.records, capturedAtMs }], delivery.records, undefined);
}
