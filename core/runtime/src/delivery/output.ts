import {
  CamflowError,
  describeError,
  isCamflowError,
  type Logger,
  type LossCause,
  type Sink,
} from '@camflow/api';
import { Backoff } from './backoff.ts';
import type { OutputBalanceSheet } from './output-balance.ts';
import type { SharedUnits } from './units.ts';

interface Delivery {
  readonly units: SharedUnits;
  readonly settled: () => void;
}

/**
 * One output: a bounded queue in front of a sink, and the loop that empties it, in order. The sink is given
 * one call at a time.
 */
export class Output {
  readonly name: string;
  readonly balance: OutputBalanceSheet;
  readonly #sink: Sink;
  readonly #log: Logger;
  readonly #queueBytesLimit: number;
  readonly #queue: Delivery[] = [];
  readonly #stop: AbortController = new AbortController();
  #queueBytes = 0;
  #pumping = false;
  #lastCall: Promise<unknown> = Promise.resolve();
  #waiting: (() => void)[] = [];
  #rejecting = false;
  #finished = false;

  /** @param queueBytesLimit - above this, {@link roomy} waits */
  constructor(name: string, sink: Sink, balance: OutputBalanceSheet, log: Logger, queueBytesLimit: number) {
    this.name = name;
    this.balance = balance;
    this.#sink = sink;
    this.#log = log;
    this.#queueBytesLimit = queueBytesLimit;
  }

  /**
   * Takes units for delivery. Never waits: whoever dispatches batches waits for {@link roomy} first.
   * @param settled - called when they were delivered or counted as lost; not after {@link giveUp}
   */
  offer(units: SharedUnits, settled: () => void): void {
    if (this.#stop.signal.aborted) return;
    this.#queue.push({ units, settled });
    this.#queueBytes += units.memoryBytes;
    if (!this.#pumping) void this.#pump();
  }

  /** Settles when the queue is below its bound. */
  roomy(): Promise<void> {
    return this.#until(() => this.#queueBytes < this.#queueBytesLimit);
  }

  /** Settles when nothing is queued or being written, or after {@link giveUp} when the sink let go. */
  idle(): Promise<void> {
    return this.#until(() => !this.#pumping);
  }

  /** Forgets what is queued and asks the sink to let go. What was not delivered stays pending. */
  giveUp(): void {
    this.#stop.abort();
    this.#queue.length = 0;
    this.#queueBytes = 0;
    this.#wake();
  }

  /** The run is over: what is pending is counted as `shutdown`, and late answers of the sink change nothing. */
  finish(): void {
    this.#finished = true;
    this.balance.writeOff('shutdown');
  }

  /** Runs another call of the sink (`flush`, `reopen`) between two writes. */
  exclusively<Result>(call: (sink: Sink) => Promise<Result>): Promise<Result> {
    const result = this.#lastCall.then(() => call(this.#sink));
    this.#lastCall = result.catch(() => undefined);
    return result;
  }

  async #pump(): Promise<void> {
    this.#pumping = true;
    for (let next = this.#queue[0]; next !== undefined; next = this.#queue[0]) {
      const settled = await this.#deliver(next.units);
      if (!settled || this.#finished) break;
      if (this.#queue[0] === next) {
        this.#queue.shift();
        this.#queueBytes -= next.units.memoryBytes;
      }
      next.units.release();
      next.settled();
      this.#wake();
    }
    this.#pumping = false;
    this.#wake();
  }

  /** Tries until the units are settled. False where the run ended first. */
  async #deliver(units: SharedUnits): Promise<boolean> {
    const { signal } = this.#stop;
    const backoff = new Backoff();
    let downSince = 0;
    while (!signal.aborted) {
      try {
        const receipt = await this.exclusively((sink) => sink.write(units.batch, signal));
        this.#count(units, receipt?.lost ?? {});
        if (downSince > 0) {
          const outageMs = Date.now() - downSince;
          this.#log.info('output works again', { output: this.name, outageMs });
        }
        this.#rejecting = false;
        return true;
      } catch (error) {
        if (!isCamflowError(error) || !error.retryable) {
          this.#reject(units, error);
          return true;
        }
        if (downSince === 0 && !signal.aborted) {
          downSince = Date.now();
          this.#log.warn('output does not take anything now; trying again until it does', {
            output: this.name,
            error: describeError(error),
          });
        }
        await backoff.wait(signal);
      }
    }
    return false;
  }

  #count(units: SharedUnits, lost: Readonly<Partial<Record<LossCause, number>>>): void {
    if (this.#finished) return;
    const causes = Object.entries(lost) as [LossCause, number][];
    const lostRecords = causes.reduce((sum, [, records]) => sum + records, 0);
    if (!Number.isInteger(lostRecords) || lostRecords < 0 || lostRecords > units.records) {
      throw new CamflowError(
        'SINK_REJECTED',
        `output ${this.name} reports ${lostRecords} lost of ${units.records} records`,
        { hint: 'Its receipt must count records of the units it was given' },
      );
    }
    for (const [cause, records] of causes) this.balance.drop(records, cause);
    this.balance.deliver(units.records - lostRecords, units.batch.count, units.byteLength);
  }

  #reject(units: SharedUnits, error: unknown): void {
    if (this.#finished) return;
    this.balance.drop(units.records, 'sink_rejected');
    // One line for a row of refusals; the records of each are counted.
    if (this.#rejecting) return;
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
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }
}
