import {
  CamflowError,
  describeError,
  isCamflowError,
  type Logger,
  type LossCause,
  type LossCounters,
  type Sink,
  type StreamId,
  type WriteReceipt,
} from '@camflow/api';
import type { Loss } from '../gaps/gap.ts';
import { settlesWithin } from '../run/deadline.ts';
import { Backoff } from './backoff.ts';
import type { Delivery, Offer } from './delivery-queue.ts';
import type { OutputBalanceSheet } from './output-balance.ts';
import type { OutputStore } from './output-store.ts';

/** From when on a write that does not end, or a want of room, is more than a moment of an output that is slow. */
const stalledAfterMs = 5_000;

/** How long a sink may take that was told to let go, in milliseconds. */
const letGoMs = 1_000;

/** How an output is doing, for whoever watches. */
export interface OutputHealth {
  /**
   * For how long it has not taken anything, in milliseconds: since it failed, or since a write began that has not ended
   * for 5 seconds. Undefined where it works.
   */
  readonly downForMs: number | undefined;
  /** For how long it has had no room, so that nothing is read, in milliseconds; undefined below 5 seconds. */
  readonly fullForMs: number | undefined;
  /** Batches that it was given again. */
  readonly retries: number;
  /**
   * When what waits for it was captured, in milliseconds since 1970: the oldest of that, or where it has taken some since,
   * what it took last. Undefined where it was given nothing yet, or is still at what an earlier run left.
   */
  readonly waitingSinceMs: number | undefined;
}

/**
 * One output: a sink, what waits for it, and the loop that gives it one batch after another. The sink is given
 * one call at a time.
 */
export class Output {
  readonly name: string;
  readonly balance: OutputBalanceSheet;
  readonly store: OutputStore;
  /** Called where records are lost while they wait. */
  onLoss: (loss: Loss) => void = () => {};
  readonly sink: Sink;
  readonly #numbering: string;
  readonly #log: Logger;
  /** Aborted where the sink is to let go, and is given nothing more. */
  readonly #letGo: AbortController = new AbortController();
  /** Nothing is offered any more. */
  #gone = false;
  #pumping = false;
  #again = false;
  readonly #draining: AbortController = new AbortController();
  /** What waits is left to the next run. */
  #leftBehind = false;
  #lastCall: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #rejecting = false;
  #finished = false;
  #downSinceMs: number | undefined;
  /** When the write began that has not ended. */
  #writingSinceMs: number | undefined;
  /** Since when someone waits for room. */
  #fullSinceMs: number | undefined;
  /** When the parcel was captured that came when nothing waited, until something is taken. */
  #offeredSinceMs: number | undefined;
  #retries = 0;
  /** Records in the spool at the end beyond those that nothing has become of. */
  #surplus = 0;

  constructor(
    name: string,
    parts: {
      readonly sink: Sink;
      readonly balance: OutputBalanceSheet;
      readonly store: OutputStore;
      readonly numbering: string;
      readonly log: Logger;
    },
  ) {
    this.name = name;
    this.balance = parts.balance;
    this.store = parts.store;
    this.sink = parts.sink;
    this.#numbering = parts.numbering;
    this.#log = parts.log;
    this.store.onChange = () => this.#wake();
    this.store.onLoss = (loss) => {
      if (this.#finished) return;
      this.balance.drop(loss.count, loss.cause);
      this.onLoss(loss);
    };
  }

  get health(): OutputHealth {
    return {
      downForMs: durationOf(this.#downSinceMs) ?? durationOf(this.#writingSinceMs, stalledAfterMs),
      fullForMs: durationOf(this.#fullSinceMs, stalledAfterMs),
      retries: this.#retries,
      waitingSinceMs: this.#offeredSinceMs ?? this.store.queue.lastCapturedAtMs,
    };
  }

  /**
   * Whether the output took responsibility for a batch before: in an earlier run that was killed.
   * @param mark - where the batch ends, as `markOf` has it
   */
  had(stream: StreamId, mark: number | undefined): boolean {
    return mark !== undefined && this.store.ledger?.covers(this.#numbering, stream, mark) === true;
  }

  /** Records were lost before they came here. */
  lose(loss: LossCounters): void {
    this.store.ledger?.lose(loss);
  }

  /** Records were lost before they came here, nobody knows how many: one gap. */
  loseUnknown(cause: LossCause): void {
    this.balance.loseUnknown(cause);
    this.store.ledger?.loseUnknown(cause);
  }

  /**
   * Takes a parcel for delivery. Never waits: whoever dispatches batches waits for {@link roomy} first.
   * @param batchMark - where the batch ends that the parcel is of, or of which it is a part
   */
  offer(offer: Offer, batchMark: number | undefined): void {
    if (this.#gone) return;
    const { stream, span, filtered, dropped } = offer.parcel;
    if (span > 0 && this.had(stream, batchMark)) {
      this.balance.repeat(span);
      offer.release();
      offer.settled();
      return;
    }
    this.balance.filter(filtered);
    for (const [cause, lost] of Object.entries(dropped) as [LossCause, number][])
      this.balance.drop(lost, cause);
    if (this.store.queue.isEmpty) this.#offeredSinceMs = offer.parcel.capturedAtMs;
    this.store.queue.offer(offer);
  }

  /**
   * Begins to deliver what an earlier run left.
   * @param known - records of that, which are in the balance already
   */
  resume(known = 0): void {
    const waiting = this.store.waitingOnDisk;
    if (waiting >= known) this.balance.resume(waiting - known);
    else this.balance.spool(known - waiting);
    this.#wake();
  }

  /** Settles when more may be offered. */
  async roomy(): Promise<void> {
    const isRoomy = (): boolean => this.store.queue.roomy || this.#gone;
    if (isRoomy()) return;
    this.#fullSinceMs ??= performance.now();
    await this.#until(isRoomy);
    this.#fullSinceMs = undefined;
  }

  /** From now on what the output does not take at once may stay on its disk, where it has one. */
  drain(): void {
    this.#draining.abort();
    this.store.drain();
    this.#wake();
  }

  /** Settles when nothing is queued or being written, or after {@link giveUp} when the sink let go. */
  idle(): Promise<void> {
    return this.#until(() => this.#isIdle);
  }

  get #isIdle(): boolean {
    const { isEmpty } = this.store.queue;
    return !this.#pumping && (isEmpty || this.#leftBehind || this.#letGo.signal.aborted || this.#finished);
  }

  /** Asks the sink to let go. What was not delivered stays pending. */
  giveUp(): void {
    this.#gone = true;
    this.silence();
    this.store.giveUp();
    this.#wake();
  }

  /** Gives the sink nothing more, and asks it to let go of what it has. What comes still waits for it. */
  silence(): void {
    this.#letGo.abort();
    this.#wakeWaiting();
  }

  /** From now on nothing is offered: nobody waits for room. */
  retire(): void {
    this.#gone = true;
    this.#wakeWaiting();
  }

  /**
   * Waits until what there is now was taken, while more may come.
   * @param unsent - records of it that did not come here yet
   * @returns false where that takes too long
   */
  async settles(unsent: number, timeoutMs: number): Promise<boolean> {
    const until = this.balance.settled + this.balance.pending - unsent;
    const isTaken = (): boolean => this.balance.settled >= until || this.store.queue.isEmpty;
    return await this.#happens(isTaken, timeoutMs);
  }

  /**
   * Puts what was not delivered on the disk, where there is one, and counts it as spooled.
   * @param end.complete - whether the source has ended by itself: another run over it begins anew
   * @param end.rereadable - whether what never came here comes again
   */
  async park(end: { readonly complete: boolean; readonly rereadable: boolean }): Promise<void> {
    const spooled = await this.store.park();
    if (this.#finished) return;
    this.#surplus = Math.max(0, spooled - this.balance.pending);
    this.balance.spool(spooled - this.#surplus);
    if (end.complete) this.store.ledger?.forgetMarks();
    const { ledger } = this.store;
    const { pending } = this.balance;
    if (end.rereadable || ledger === undefined || pending <= 0) return;
    ledger.lose({ shutdown: pending });
    const untilMs = Date.now();
    const interval = { fromMs: Math.min(ledger.settledUntilMs, untilMs), untilMs };
    ledger.addUntold({ cause: 'shutdown', stream: undefined, count: pending, ...interval });
  }

  /**
   * Takes leave of the output while the run goes on: waits for what the sink takes, puts the rest on the disk, where
   * there is one, and closes. Nothing is offered meanwhile.
   * @param timeoutMs - how long the sink may take
   * @returns records that wait on the disk
   */
  async leave(timeoutMs: number): Promise<number> {
    this.retire();
    this.drain();
    const inTime = await this.#happens(() => this.#isIdle, timeoutMs);
    if (!this.#letGo.signal.aborted) await this.#flush(inTime ? Math.max(timeoutMs, letGoMs) : letGoMs);
    this.silence();
    this.store.forsake();
    const parked = await this.store.park();
    this.#finished = true;
    this.#wakeWaiting();
    return parked;
  }

  /**
   * The run is over: what is pending is counted as `shutdown`, and late answers of the sink change nothing.
   * @param orderly - whether everything that was read was to be delivered or spooled: nothing may be pending then
   * @returns whether the balance closes, and the accounts of earlier runs did
   */
  finish(orderly: boolean): boolean {
    this.#finished = true;
    const { pending } = this.balance;
    this.balance.drop(pending, 'shutdown');
    const missing = orderly ? pending - this.#surplus : Math.min(0, pending);
    if (missing !== 0)
      this.#log.error('the balance of an output does not close', { output: this.name, missing });
    return missing === 0 && this.store.imbalance === 0;
  }

  /** Runs another call of the sink (`flush`, `reopen`) between two writes. */
  exclusively<Result>(call: (sink: Sink) => Promise<Result>): Promise<Result> {
    const result = this.#lastCall.then(() => call(this.sink));
    this.#lastCall = result.catch(() => undefined);
    return result;
  }

  /** Waits for something for a time, and while the sink is given anything. @returns whether it happened */
  async #happens(condition: () => boolean, timeoutMs: number): Promise<boolean> {
    let happened = false;
    const settled = this.#until(() => {
      happened ||= condition();
      return happened || this.#letGo.signal.aborted;
    });
    await settlesWithin(settled, timeoutMs);
    return happened;
  }

  async #flush(timeoutMs: number): Promise<void> {
    const flushed = this.exclusively(async (sink) => sink.flush?.());
    // One that is late lets go of its write first.
    if (!this.#isIdle) this.silence();
    await settlesWithin(flushed, timeoutMs).catch((error: unknown) => {
      this.#log.error('output could not be flushed', { output: this.name, error: describeError(error) });
    });
  }

  async #pump(): Promise<void> {
    this.#leftBehind = false;
    while (!this.#letGo.signal.aborted) {
      this.#again = false;
      const delivery = await this.store.queue.head();
      if (delivery === undefined) {
        if (this.#again) continue;
        break;
      }
      if (!(await this.#deliver(delivery)) || this.#finished) break;
    }
    this.#pumping = false;
    this.#wakeWaiting();
  }

  /** Tries until the units are settled. False where the run ended first. */
  async #deliver(delivery: Delivery): Promise<boolean> {
    const { signal } = this.#letGo;
    const backoff = new Backoff();
    while (!signal.aborted) {
      try {
        const receipt = delivery.units.count === 0 ? undefined : await this.#write(delivery);
        const lost = this.#checked(delivery, receipt?.lost ?? {});
        this.#works();
        await this.#done(delivery, lost);
        return true;
      } catch (error) {
        if (!isCamflowError(error) || !error.retryable) {
          this.#reject(error);
          await this.#done(delivery, delivery.records > 0 ? { sink_rejected: delivery.records } : {}, false);
          return true;
        }
        this.#retries++;
        this.#isDown(error);
        // A sink that is gone is not waited for at a stop: what it has not taken is on the disk.
        const draining = this.store.queue.persistent ? this.#draining.signal : undefined;
        if (draining?.aborted) {
          this.#leftBehind = true;
          return false;
        }
        await backoff.wait(draining === undefined ? signal : AbortSignal.any([signal, draining]));
      }
    }
    return false;
  }

  async #write({ units }: Delivery): Promise<WriteReceipt | undefined> {
    this.#writingSinceMs = performance.now();
    try {
      return await this.exclusively((sink) => sink.write(units, this.#letGo.signal));
    } finally {
      this.#writingSinceMs = undefined;
    }
  }

  /** @param taken - whether the sink took units at all, or refused them */
  async #done(delivery: Delivery, lost: LossCounters, taken = true): Promise<void> {
    if (this.#finished) return;
    const causes = Object.entries(lost) as [LossCause, number][];
    const delivered = causes.reduce((left, [, records]) => left - records, delivery.records);
    for (const [cause, records] of causes) this.balance.drop(records, cause);
    const { count } = delivery.units;
    if (taken) this.balance.deliver(delivered, count, delivery.byteLength);
    this.#offeredSinceMs = undefined;
    await this.store.queue.done(delivery, { delivered, lost, taken });
  }

  #checked({ records }: Delivery, lost: LossCounters): LossCounters {
    // Gaps stand for no records of the source.
    if (records === 0) return {};
    const lostRecords = Object.values(lost).reduce((sum, count) => sum + count, 0);
    if (Number.isInteger(lostRecords) && lostRecords >= 0 && lostRecords <= records) return lost;
    throw new CamflowError(
      'SINK_REJECTED',
      `output ${this.name} reports ${lostRecords} lost of ${records} records`,
      { hint: 'Its receipt must count records of the units it was given' },
    );
  }

  #works(): void {
    this.#rejecting = false;
    if (this.#downSinceMs === undefined) return;
    const outageMs = Math.round(performance.now() - this.#downSinceMs);
    this.#downSinceMs = undefined;
    this.#log.info('output works again', { output: this.name, outageMs });
  }

  #isDown(error: unknown): void {
    if (this.#downSinceMs !== undefined || this.#letGo.signal.aborted) return;
    this.#downSinceMs = performance.now();
    const message = this.store.queue.persistent
      ? 'output does not take anything now; trying again until it does, what comes is spooled'
      : 'output does not take anything now; trying again until it does';
    this.#log.warn(message, { output: this.name, error: describeError(error) });
  }

  #reject(error: unknown): void {
    // One line for a row of refusals; the records of each are counted.
    if (this.#rejecting || this.#finished) return;
    this.#rejecting = true;
    this.#log.error('output refuses units for good; their records are counted as sink_rejected', {
      output: this.name,
      error: describeError(error),
    });
  }

  async #until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  #wake(): void {
    this.#again = true;
    if (!this.#pumping && !this.#letGo.signal.aborted && !this.#finished) {
      this.#pumping = true;
      void this.#pump();
    }
    this.#wakeWaiting();
  }

  #wakeWaiting(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}

/** How long something has lasted, in milliseconds; undefined where it does not, or not for so long. */
function durationOf(sinceMs: number | undefined, leastMs = 0): number | undefined {
  const durationMs = sinceMs === undefined ? undefined : performance.now() - sinceMs;
  return durationMs === undefined || durationMs < leastMs ? undefined : durationMs;
}
