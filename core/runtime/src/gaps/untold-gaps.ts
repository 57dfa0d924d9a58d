import { type Gap, joinGaps, nameOfStream } from './gap.ts';

/**
 * Gaps that one output does not have yet: those that wait to be told, of which those of one cause and stream are told
 * as one, and those that are on their way to it.
 */
export class UntoldGaps {
  readonly #waiting = new Map<string, Gap>();
  readonly #underWay = new Map<string, Gap>();

  /** @param gaps - those that an earlier run could not tell */
  constructor(gaps: readonly Gap[] = []) {
    for (const gap of gaps) this.#waiting.set(keyOf(gap), gap);
  }

  /** @returns whether it is one of its own, and no part of one that waits */
  add(gap: Gap): boolean {
    const key = keyOf(gap);
    const known = this.#waiting.get(key);
    this.#waiting.set(key, known === undefined ? gap : joinGaps(known, gap));
    return known === undefined;
  }

  /**
   * Takes over what another list has, of which this one may have been given a part before. Nothing is on its way any
   * more.
   */
  takeOver(other: UntoldGaps): void {
    for (const gap of other.all()) {
      const key = keyOf(gap);
      const known = this.#waiting.get(key);
      if (known === undefined || (known.count ?? 0) < (gap.count ?? 0)) this.#waiting.set(key, gap);
    }
  }

  /** Those that wait, in an order that does not depend on when each was lost. */
  waiting(): readonly Gap[] {
    return [...this.#waiting].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, gap]) => gap);
  }

  /** A gap that waits has its number from now on: what is lost later is another one. */
  number(gap: Gap, number: string): void {
    this.#waiting.delete(keyOf(gap));
    this.#waiting.set(number, { ...gap, number });
  }

  isWaiting(number: string): boolean {
    return this.#waiting.has(number);
  }

  /** One that has a number is on its way to the output. */
  send(gap: Gap): void {
    this.#waiting.delete(keyOf(gap));
    this.#underWay.set(keyOf(gap), gap);
  }

  /** The output has it. */
  settle({ number }: Gap): void {
    this.#underWay.delete(number!);
  }

  /** All of them, those on their way first. */
  all(): readonly Gap[] {
    return [...this.#underWay.values(), ...this.#waiting.values()];
  }
}

function keyOf({ number, cause, stream }: Gap): string {
  return number ?? `${cause} ${nameOfStream(stream)}`;
}
