/** A time in which workers have no more batches, that can begin and end again and again. */
export class Pause {
  #began = new AbortController();
  #over: Promise<void> | undefined;
  #end: () => void = () => {};

  /** Aborted when the pause begins; after its end, a signal for the next. */
  get began(): AbortSignal {
    return this.#began.signal;
  }

  /** Settles when it is over; undefined while there is none. */
  get over(): Promise<void> | undefined {
    return this.#over;
  }

  /** Begins it; one at a time. */
  begin(): void {
    this.#over = new Promise<void>((resolve) => {
      this.#end = resolve;
    });
    this.#began.abort();
  }

  /** Ends it, if there is one. */
  end(): void {
    if (this.#over === undefined) return;
    this.#over = undefined;
    this.#began = new AbortController();
    this.#end();
  }
}
