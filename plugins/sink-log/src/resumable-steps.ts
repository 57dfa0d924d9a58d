/**
 * Work in steps that are each done once: where one fails, the next run goes on with it. A step that failed must be able
 * to begin again.
 */
export class ResumableSteps {
  readonly #steps: readonly (() => Promise<void> | void)[];
  #done = 0;

  constructor(steps: readonly (() => Promise<void> | void)[]) {
    this.#steps = steps;
  }

  /** Does what is left. @throws the error of the step that failed */
  async run(): Promise<void> {
    for (; this.#done < this.#steps.length; this.#done++) await this.#steps[this.#done]!();
  }
}
