import { setTimeout as sleep } from 'node:timers/promises';

const firstDelayMs = 100;

/** Waits between attempts: 100 ms first, doubling up to the longest. */
export class Backoff {
  readonly #longestDelayMs: number;
  #delayMs = firstDelayMs;

  constructor(longestDelayMs = 10_000) {
    this.#longestDelayMs = longestDelayMs;
  }

  /** Settles after the delay, or at once when the signal is aborted. Never rejects. */
  async wait(signal: AbortSignal): Promise<void> {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, this.#longestDelayMs);
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
}
