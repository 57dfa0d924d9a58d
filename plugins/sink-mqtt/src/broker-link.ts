import { setTimeout as sleep } from 'node:timers/promises';
import { describeError, type Logger } from '@camflow/api';
import type { IClientOptions } from 'mqtt';
import { type Connection, connectToBroker } from './connection.ts';

/** Keeps a connection to a broker: makes a new one whenever there is none, until it is closed. */
export class BrokerLink {
  readonly #options: IClientOptions;
  readonly #reconnectMs: number;
  readonly #log: Logger;
  readonly #closing = new AbortController();
  #attempt: Promise<Connection>;
  #reported = '';

  /** Begins to connect. */
  constructor(options: IClientOptions, reconnectMs: number, log: Logger) {
    this.#options = options;
    this.#reconnectMs = reconnectMs;
    this.#log = log;
    this.#attempt = this.#connect(0);
  }

  /**
   * The connection, or the one that is being made.
   * @throws CamflowError `SINK_UNAVAILABLE`, retryable, where the attempt fails; the next one follows by itself
   */
  connection(): Promise<Connection> {
    return this.#attempt;
  }

  /** Takes leave of the broker; waits for a second at most. */
  async close(): Promise<void> {
    this.#closing.abort();
    const connection = await this.#attempt.catch(() => undefined);
    await connection?.leave();
  }

  #connect(delayMs: number): Promise<Connection> {
    const attempt = this.#connectOnce(delayMs);
    const again = (reason: unknown): void => {
      if (this.#closing.signal.aborted) return;
      this.#report(describeError(reason));
      this.#attempt = this.#connect(this.#reconnectMs);
    };
    attempt.then(({ ended }) => ended.then(again), again);
    return attempt;
  }

  async #connectOnce(delayMs: number): Promise<Connection> {
    await sleep(delayMs, undefined, { signal: this.#closing.signal });
    const connection = await connectToBroker(this.#options, this.#closing.signal);
    this.#reported = '';
    this.#log.info('Connected to the broker', { host: this.#options.host, port: this.#options.port });
    return connection;
  }

  /** One line for each new reason, not one for each attempt. */
  #report(reason: string): void {
    if (reason === this.#reported) return;
    this.#reported = reason;
    this.#log.warn(reason, { retryMs: this.#reconnectMs });
  }
}
