import { setTimeout as sleep } from 'node:timers/promises';

const firstDelayMs = 100;
const longestDelayMs = 10_000;

/** Waits between attempts: 100 ms first, doubling up to 10 s. */
export class Backoff {
  #delayMs = firstDelayMs;

  /** Settles after the delay, or at once when the signal is aborted. Never rejects. */
  async wait(signal: AbortSignal): Promise<void> {
    const delayMs = this.#delayMs;
    this.#delayMs = Math.min(delayMs * 2, longestDelayMs);
    await sleep(delayMs, undefined, { signal }).catch(() => undefined);
  }
}
