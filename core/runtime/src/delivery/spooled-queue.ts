import type { Logger, LossCause, UnitBatch } from '@camflow/api';
import type { Loss } from '../gaps/gap.ts';
import { extentsOf, type LostExtent } from '../spool/lost-frames.ts';
import type { Spool, StoredParcel } from '../spool/spool.ts';
import { frameBytes, type SpoolPlan } from '../spool/spool-plan.ts';
import type { SpoolPlace } from '../spool/spool-state.ts';
import type { Delivery, DeliveryOutcome, DeliveryQueue, Offer } from './delivery-queue.ts';
import { type HeldParcel, holdParcel } from './held-parcel.ts';
import type { Ledger } from './ledger.ts';
import { piecesOf } from './offer-pieces.ts';
import { Patience } from './patience.ts';
import { SpoolWriter } from './spool-writer.ts';

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
  readonly #events: QueueEvents;
  readonly #writer: SpoolWriter;
  /** In order; what is on the disk only stands between those that are in memory and their successors. */
  #held: HeldParcel[] = [];
  #heldBytes = 0;
  #head: HeldParcel | FromDisk | undefined;
  /** Why the head is on the disk no more, though it was not delivered yet. */
  #headDropped: LossCause | undefined;
  #soon: NodeJS.Immediate | undefined;
  #delay: NodeJS.Timeout | undefined;
  /** Lasts while more waits for the output to make room: until it is seen that it does not. */
  readonly #patience: Patience = new Patience(() => this.#losePatience());

  constructor(
    parts: { readonly spool: Spool; readonly plan: SpoolPlan; readonly ledger: Ledger; readonly log: Logger },
    limitBytes: number,
    events: QueueEvents,
  ) {
    this.#spool = parts.spool;
    this.#plan = parts.plan;
    this.#ledger = parts.ledger;
    this.#limitBytes = limitBytes;
    this.#events = events;
    this.#writer = new SpoolWriter(parts, limitBytes, {
      stored: (held, stored) => this.#stored(held, stored),
      unneeded: (held) => this.#settleUnstored(held),
      discarded: (held, cause) => this.#discard(held, cause),
      isHead: (held) => held === this.#head,
      dropOldest: (cause) => this.#dropOldest(cause),
      progressed: () => {
        this.#trim();
        events.changed();
      },
      ended: () => {
        if (this.#writer.hasWaiting) this.#store();
        events.changed();
      },
    });
  }

  get roomy(): boolean {
    return !this.#writer.isUsedUp && !this.#patience.lasts;
  }

  get isEmpty(): boolean {
    return this.#held.length === 0 && this.#spool.isEmpty;
  }

  offer(offer: Offer): void {
    this.used = true;
    const offeredAtMs = performance.now();
    for (const piece of piecesOf(offer, frameBytes(this.#plan)))
      this.#held.push(holdParcel(piece, offeredAtMs));
    this.#heldBytes += offer.memoryBytes;
    const { mode, delayMs } = this.#plan;
    const isFull = this.#heldBytes > this.#limitBytes;
    const holdsBack = isFull && this.patient() && this.#isAllInMemory();
    if (holdsBack) this.#patience.begin();
    if (this.#isAhead || this.#writer.hasWaiting || !this.#spool.isEmpty) {
      this.#store();
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
        if (head.state === 'waiting') this.#writer.forget(head);
        this.#settleUnstored(head);
      }
    }
    // One delay is not to send all that follows over the disk: an output that reads from there may catch up first.
    const isBehind = this.#heldBytes > this.#limitBytes || !this.#isAllInMemory();
    if (isBehind && this.patient()) this.#patience.renew();
    else this.#patience.end();
    this.#writer.wake();
    this.#events.changed();
  }

  /** The run is about to end: nothing waits for room on the disk any more. */
  drain(): void {
    this.#writer.drain();
  }

  /** Puts what is only in memory on the disk. Settles when all of it is there, or lost. */
  async park(): Promise<void> {
    clearTimeout(this.#delay);
    this.#writer.stop();
    this.#store();
    await this.#writer.idle();
    // Behind what followed it, it would be out of order.
    if (this.#headDropped !== undefined) this.#loseHead(this.#headDropped);
  }

  /** Units that are on the disk longer than is allowed are dropped, though nothing new comes. */
  expire(): void {
    this.#writer.expire();
  }

  /** Puts the accounts on record. Never rejects. */
  async save(): Promise<void> {
    await this.#writer.save();
  }

  /** Whether units go to the disk before they go to the output. */
  get #isAhead(): boolean {
    return this.#plan.mode === 'always' && this.#plan.delayMs === 0;
  }

  #isNext({ frame }: StoredParcel): boolean {
    return frame <= this.#spool.read.frame;
  }

  /** What is on the disk only is older than what is not there yet: it comes first. */
  #isDeliverable({ state, stored, frameBytes }: HeldParcel): boolean {
    if (stored !== undefined) return this.#isNext(stored);
    if (!this.#spool.isEmpty) return false;
    const mustBeStored = this.#isAhead && state !== 'memory' && this.#spool.refusal(frameBytes) === undefined;
    return !mustBeStored || this.#writer.isStuck;
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
    this.#writer.write(this.#held.filter(({ state }) => state === 'memory'));
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

  #stored(held: HeldParcel, stored: StoredParcel): void {
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

  /** A parcel does not get to the disk. */
  #discard(held: HeldParcel, cause: LossCause): void {
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
    void this.#spool.acknowledge(place).then(() => this.#writer.wake());
    void this.save();
  }

  /** A parcel was delivered from memory and is on no disk. */
  #settleUnstored(held: HeldParcel): void {
    this.#ledger.accept(held.offer.parcel);
    this.#letGo(held);
    // Only when it is on record that the output has it may the source forget it.
    void this.save().then(() => held.offer.settled());
  }

  #letGo(held: HeldParcel): void {
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
}

function extentsOfDelivery(delivery: HeldParcel | FromDisk): LostExtent[] {
  const { capturedAtMs } = 'after' in delivery ? delivery : delivery.offer.parcel;
  const { stream } = delivery.units.source!;
  return extentsOf([{ stream, records: delivery.records, capturedAtMs }], delivery.records, undefined);
}
