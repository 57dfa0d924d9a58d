import { CamflowError, type Logger } from '@camflow/api';
import { OpenedParts } from './opened-parts.ts';

/** What the parts of a run share about its end. */
export class RunControl {
  readonly opened: OpenedParts;
  readonly #finish: AbortController = new AbortController();
  readonly #giveUp: AbortController = new AbortController();
  #failure: unknown;
  #over = false;

  constructor(log: Logger) {
    this.opened = new OpenedParts(log);
  }

  /** Aborted to make the source finish; everything else goes on. */
  get finishing(): AbortSignal {
    return this.#finish.signal;
  }

  /** Aborted to wait for nothing any more. */
  get givingUp(): AbortSignal {
    return this.#giveUp.signal;
  }

  /** Why the run failed; the first reason counts. */
  get failure(): unknown {
    return this.#failure;
  }

  /** True when the books are closed: what comes now is too late to be counted. */
  get over(): boolean {
    return this.#over;
  }

  finish(): void {
    this.#finish.abort();
  }

  giveUp(): void {
    this.#finish.abort();
    this.#giveUp.abort();
  }

  /** Something cannot go on: nothing more is read, and what there is gets delivered. */
  fail(error: unknown): void {
    if (this.#giveUp.signal.aborted) return;
    this.#failure ??= error;
    this.#finish.abort();
  }

  end(): void {
    this.#over = true;
  }

  /** @throws CamflowError `PIPELINE_STATE` where the run was told to stop while it starts */
  checkStarting(): void {
    if (!this.#finish.signal.aborted) return;
    throw new CamflowError('PIPELINE_STATE', 'the run was stopped while it started');
  }
}
