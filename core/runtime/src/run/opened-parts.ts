import { describeError, type Logger } from '@camflow/api';
import { settlesWithin } from './deadline.ts';

/** How long closing one part may take. */
const closeTimeoutMs = 5_000;

interface OpenedPart {
  readonly what: string;
  readonly part: { close(): Promise<void> };
}

/** What a run has opened, or may have, and must close again. */
export class OpenedParts {
  readonly #parts: OpenedPart[] = [];
  readonly #log: Logger;

  constructor(log: Logger) {
    this.#log = log;
  }

  /** @param what - name of the part in log lines */
  add(what: string, part: { close(): Promise<void> }): void {
    this.#parts.push({ what, part });
  }

  /** Closes a part now. Never rejects. */
  async closeNow(part: OpenedPart['part']): Promise<void> {
    const at = this.#parts.findIndex((each) => each.part === part);
    if (at >= 0) await this.#close(this.#parts.splice(at, 1)[0]!);
  }

  /** Closes everything in reverse order, whatever happens on the way. Never rejects. */
  async close(): Promise<void> {
    for (const part of this.#parts.splice(0).reverse()) await this.#close(part);
  }

  async #close({ what, part }: OpenedPart): Promise<void> {
    try {
      if (await settlesWithin(part.close(), closeTimeoutMs)) return;
      this.#log.error('closing takes too long; going on without it', { what });
    } catch (error) {
      this.#log.error('closing failed', { what, error: describeError(error) });
    }
  }
}
