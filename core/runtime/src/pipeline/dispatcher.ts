import type { Origin } from '@camflow/api';
import pLimit, { type LimitFunction } from 'p-limit';
import type { SlabPool } from '../memory/slab-pool.ts';
import type { KnownTexts } from '../names/known-texts.ts';
import type { BatchRunner } from '../pool/batch-runner.ts';
import { settlesUnless } from '../run/deadline.ts';
import type { BatchResult, BatchTask } from '../worker/messages.ts';
import type { AcceptedBatch } from './accepted-batch.ts';
import type { Distributor } from './distributor.ts';
import type { Overload } from './overload.ts';
import { Pause } from './pause.ts';

/** A wait for an output that is longer than the event loop alone makes it, in milliseconds. */
const noticeableMs = 1;

/**
 * Batches that are given to the workers beyond one for each: whichever thread is done first has its next one at once,
 * however busy the main thread is.
 */
const atHand = 1;

/**
 * Gives batches to the workers and puts the results back in the order of dispatch. A batch waits as raw records until a
 * worker can have it and its units have somewhere to go: as text it is many times as large.
 */
export class Dispatcher {
  readonly #runner: BatchRunner;
  readonly #distributor: Distributor;
  readonly #known: KnownTexts;
  readonly #slabs: SlabPool;
  readonly #origin: Origin;
  readonly #overload: Overload;
  readonly #signal: AbortSignal;
  readonly #onDispatch: (batch: AcceptedBatch) => void;
  readonly #onFailure: (error: unknown) => void;
  #tick = 0;
  #last: Promise<void> = Promise.resolve();
  /** What was dispatched before it is passed on, with room or without. */
  readonly #pause: Pause = new Pause();
  readonly #turns: LimitFunction;
  /** Of those that have their turn one waits for room, the first of them. */
  readonly #door: LimitFunction = pLimit(1);

  /**
   * @param signal - aborted where results are no longer wanted
   * @param onFailure - called where a batch cannot be processed at all; it stays pending
   */
  constructor(
    parts: {
      readonly runner: BatchRunner;
      readonly distributor: Distributor;
      readonly known: KnownTexts;
      readonly slabs: SlabPool;
      readonly origin: Origin;
      readonly overload: Overload;
      /** Threads of the runner. */
      readonly workers: number;
      /** Told of every batch when it goes to a worker. */
      readonly onDispatch: (batch: AcceptedBatch) => void;
    },
    signal: AbortSignal,
    onFailure: (error: unknown) => void,
  ) {
    this.#runner = parts.runner;
    this.#distributor = parts.distributor;
    this.#known = parts.known;
    this.#slabs = parts.slabs;
    this.#origin = parts.origin;
    this.#overload = parts.overload;
    this.#turns = pLimit(parts.workers + atHand);
    this.#onDispatch = parts.onDispatch;
    this.#signal = signal;
    this.#onFailure = onFailure;
  }

  /** The number of the next batch to be dispatched. */
  get nextTick(): number {
    return this.#tick;
  }

  /**
   * A batch is left out whose names later batches may need: it takes a number, as if it had been dispatched.
   * @param hadShed - whether the source shed something before it: then it says as much about the pressure as another
   */
  pass(hadShed: boolean): void {
    this.#tick++;
    if (hadShed) this.#overload.note(this.#slabs.free === 0);
  }

  /** Settles when no batch is at a worker and all results are passed on. Never rejects. */
  idle(): Promise<void> {
    return this.#last;
  }

  /** Lets workers have no more batches until {@link resume}. Settles when none is at work and all is passed on. */
  pause(): Promise<void> {
    this.#pause.begin();
    return this.idle();
  }

  /** Ends a {@link pause}. */
  resume(): void {
    this.#pause.end();
  }

  /** Waits until every output has room, then has the batch processed in its turn. One call at a time. */
  async dispatch(batch: AcceptedBatch): Promise<void> {
    const before = performance.now();
    await this.#distributor.roomy();
    while (this.#pause.over !== undefined) {
      await this.#pause.over;
      await this.#distributor.roomy();
    }
    const waited = performance.now() - before > noticeableMs;
    this.#overload.note(waited || this.#slabs.free === 0);
    const task = this.#taskOf(batch);
    const results = this.#turns(() => this.#process(batch, task));
    this.#last = this.#passOn(batch, results, this.#last);
  }

  /** Lets a worker have a batch, whose turn it is, once there is room for what it makes of it. */
  async #process(batch: AcceptedBatch, task: Omit<BatchTask, 'spares'>): Promise<BatchResult[]> {
    await this.#door(() => settlesUnless(this.#pause.began, 0, this.#distributor.roomy()));
    this.#onDispatch(batch);
    return this.#runner.run({ ...task, spares: this.#distributor.takeSpares() }, this.#signal);
  }

  async #passOn(batch: AcceptedBatch, results: Promise<BatchResult[]>, before: Promise<void>): Promise<void> {
    const [outcome] = await Promise.allSettled([results, before]);
    try {
      if (outcome.status === 'rejected') throw outcome.reason;
      this.#distributor.distribute(batch, outcome.value);
    } catch (error) {
      this.#onFailure(error);
    }
    // Only now, not when the worker is done: that bounds the results that wait for their turn.
    if (batch.release) batch.release();
    else this.#slabs.give(batch.slab);
  }

  #taskOf({ relay, slab, byteLength }: AcceptedBatch): Omit<BatchTask, 'spares'> {
    const start = slab.bytes.byteOffset;
    return {
      abi: relay.abi,
      stream: relay.stream,
      origin: this.#origin,
      position: relay.position,
      firstSequence: relay.firstSequence,
      capturedAtMs: relay.capturedAtMs,
      newSecurityContexts: relay.securityContexts,
      known: this.#known.stateAt(this.#tick++),
      slabStart: start,
      start,
      byteLength,
      shed: this.#overload.level,
    };
  }
}
