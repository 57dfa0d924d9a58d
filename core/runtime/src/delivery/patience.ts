/** How long an output may take for one parcel while nothing but itself waits for it, in milliseconds. */
const patienceMs = 250;

/** Lasts as long as an output makes progress. */
export class Patience {
  readonly #onLost: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param onLost - told when an output took too long */
  constructor(onLost: () => void) {
    this.#onLost = onLost;
  }

  get lasts(): boolean {
    return this.#timer !== undefined;
  }

  /** The output has some time from now on; more only with progress. */
  begin(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#onLost();
    }, patienceMs).unref();
  }

  /** The output made progress: it has the same time again, though it may have been lost already. */
  renew(): void {
    if (this.#timer === undefined) this.begin();
    else this.#timer.refresh();
  }

  /** Nothing is waited for. */
  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
