import { describeError, type Logger } from '@camflow/api';
import { settlesWithin } from './deadline.ts';

/** How long closing one part may take. */
const closeTimeoutMs = 5_000;

/** What a run has opened, or may have, and must close again. */
export class OpenedParts {
  readonly #parts: { readonly what: string; close(): Promise<void> }[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param what - name of the part in log lines */
  add(what: string, part: { close(): Promise<void> }): void {
    this.#parts.push({ what, close: () => part.close() });
  }

  /** Closes everything in reverse order, whatever happens on the way. Never rejects. */
  async close(): Promise<void> {
    for (const { what, close } of this.#parts.splice(0).reverse()) {
      try {
        if (await settlesWithin(close(), closeTimeoutMs)) continue;
        this.#log.error('closing takes too long; going on without it', { what });
      } catch (error) {
        this.#log.error('closing failed', { what, error: describeError(error) });
      }
    }
  }
}
