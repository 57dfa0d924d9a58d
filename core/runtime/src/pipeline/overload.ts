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
  readonly #onChange: (level: number) => void;
  #level = 0;
  #strain = 0;
  #easy = 0;

  /**
   * @param most - types that may be shed
   * @param onChange - told of every new level
   */
  constructor(most: number, onChange: (level: number) => void = () => {}) {
    this.#most = most;
    this.#onChange = onChange;
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
      this.#setLevel(this.#level + 1);
    } else if (this.#easy >= easyBatches) {
      this.#easy = 0;
      this.#setLevel(this.#level - 1);
    }
  }

  #setLevel(wanted: number): void {
    const level = Math.min(this.#most, Math.max(0, wanted));
    if (level === this.#level) return;
    this.#level = level;
    this.#onChange(level);
  }
}
