/**
 * What a batch under pressure adds to the strain, of which every other batch takes one away: where outputs make room
 * for several batches at once, only the first of these waits.
 */
const strainOfBusy = 8;
/** Strain at which more is shed: four batches under pressure, one after the other. */
const mostStrain = 32;
/** Batches in a row without pressure after which less is shed. */
const easyBatches = 32;

/**
 * Decides how much is shed: one more type of record each time workers and outputs do not keep up for a while, one
 * less when they do. What is shed first is the order of the configuration.
 */
export class Overload {
  readonly #most: number;
  #level = 0;
  #strain = 0;
  #easy = 0;

  /** @param most - types that may be shed */
  constructor(most: number) {
    this.#most = most;
  }

  /** How many types are shed now, from the first of the order on. */
  get level(): number {
    return this.#level;
  }

  /** A batch is dispatched. @param pressed - whether no slab was free beside its own, or it had to wait for an output */
  note(pressed: boolean): void {
    this.#strain = pressed ? this.#strain + strainOfBusy : Math.max(0, this.#strain - 1);
    this.#easy = pressed ? 0 : this.#easy + 1;
    if (this.#strain >= mostStrain) {
      this.#strain = 0;
      this.#level = Math.min(this.#most, this.#level + 1);
    } else if (this.#easy >= easyBatches) {
      this.#easy = 0;
      this.#level = Math.max(0, this.#level - 1);
    }
  }
}
