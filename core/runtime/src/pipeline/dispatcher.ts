import type { Origin } from '@camflow/api';
import type { SlabPool } from '../memory/slab-pool.ts';
import type { KnownTexts } from '../names/known-texts.ts';
import type { BatchRunner } from '../pool/batch-runner.ts';
import type { BatchResult, BatchTask } from '../worker/messages.ts';
import type { AcceptedBatch } from './accepted-batch.ts';
import type { Distributor } from './distributor.ts';
import type { Overload } from './overload.ts';

/** A wait for an output that is longer than the event loop alone makes it, in milliseconds. */
const noticeableMs = 1;

/** Gives batches to the workers and puts the results back in the order of dispatch. */
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
  #gate: { readonly opened: Promise<void>; open(): void } | undefined;

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
    let open = (): void => {};
    const opened = new Promise<void>((resolve) => {
      open = resolve;
    });
    this.#gate = { opened, open };
    return this.idle();
  }

  /** Ends a {@link pause}. */
  resume(): void {
    this.#gate?.open();
    this.#gate = undefined;
  }

  /** Waits until every output has room, then lets a worker have the batch. One call at a time. */
  async dispatch(batch: AcceptedBatch): Promise<void> {
    const before = performance.now();
    await this.#distributor.roomy();
    while (this.#gate !== undefined) {
      await this.#gate.opened;
      await this.#distributor.roomy();
    }
    this.#onDispatch(batch);
    const waited = performance.now() - before > noticeableMs;
    this.#overload.note(waited || this.#slabs.free === 0);
    const results = this.#runner.run(this.#taskOf(batch), this.#signal);
    this.#last = this.#passOn(batch, results, this.#last);
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

  #taskOf({ relay, slab, byteLength }: AcceptedBatch): BatchTask {
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
      spares: this.#distributor.takeSpares(),
    };
  }
}
