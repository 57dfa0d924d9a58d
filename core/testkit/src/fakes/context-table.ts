import type { SecurityContextLookup } from '@camflow/api';

/** Security contexts by number. */
export class ContextTable implements SecurityContextLookup {
  generation = 1;
  #texts: Map<number, string>;

  constructor(texts: Iterable<readonly [secid: number, text: string]> = []) {
    this.#texts = new Map(texts);
  }

  /** Puts other texts in place of all that were there. */
  replace(texts: Iterable<readonly [secid: number, text: string]>): void {
    this.generation++;
    this.#texts = new Map(texts);
  }

  text(secid: number): string | undefined {
    return this.#texts.get(secid);
  }
}
