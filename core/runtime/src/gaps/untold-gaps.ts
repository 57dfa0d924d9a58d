import { type Gap, joinGaps, nameOfStream, type Whereabouts } from './gap.ts';

/**
 * Gaps that one output does not have yet: those that wait to be told, of which those of one cause and stream are told
 * as one, those that are on their way to it, perhaps in its spool, and those that it refused, which are told to
 * it again by the next run.
 */
export class UntoldGaps {
  readonly #waiting = new Map<string, Gap>();
  readonly #underWay = new Map<string, Gap>();
  readonly #refused = new Map<string, Gap>();

  /** @param gaps - those that an earlier run could not tell, or has put into the spool */
  constructor(gaps: readonly Gap[] = []) {
    for (const gap of gaps) {
      if (gap.frameAfter === undefined) join(this.#waiting, gap);
      else this.#underWay.set(keyOf(gap), gap);
    }
  }

  /** @returns whether it is one of its own, and no part of one that waits */
  add(gap: Gap): boolean {
    return join(this.#waiting, gap);
  }

  /**
   * Takes over what another list has, of which this one may have been given a part before. Nothing is on its way any
   * more.
   */
  takeOver(other: UntoldGaps): void {
    for (const gap of other.all()) {
      const key = keyOf(gap);
      // It has the spool of that one.
      if (this.#underWay.has(key)) continue;
      const known = this.#waiting.get(key);
      if (known === undefined || (known.count ?? 0) < (gap.count ?? 0))
        this.#waiting.set(key, notSpooled(gap));
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

  /** One that was sent is somewhere else now. */
  move({ number }: Gap, to: Whereabouts): void {
    const gap = this.#underWay.get(number!);
    if (gap === undefined) return;
    if (typeof to === 'object') {
      this.#underWay.set(number!, { ...gap, ...to });
      return;
    }
    this.#underWay.delete(number!);
    if (to === 'refused') join(this.#refused, unnumbered(gap));
    else if (to === 'dropped') join(this.#waiting, unnumbered(gap));
  }

  /**
   * What waited in the spool up to a frame is somewhere else now.
   * @param except - what stands before this frame is still on its way
   */
  moveSpooled(until: number, to: Whereabouts, except?: number): void {
    for (const gap of [...this.#underWay.values()]) {
      const { frameAfter } = gap;
      if (frameAfter !== undefined && frameAfter <= until && frameAfter !== except) this.move(gap, to);
    }
  }

  /** All of them, those on their way first. */
  all(): readonly Gap[] {
    return [...this.#underWay.values(), ...this.#waiting.values(), ...this.#refused.values()];
  }
}

/** @returns whether it is one of its own, and no part of one that is there */
function join(gaps: Map<string, Gap>, gap: Gap): boolean {
  const key = keyOf(gap);
  const known = gaps.get(key);
  gaps.set(key, known === undefined ? gap : joinGaps(known, gap));
  return known === undefined;
}

/** A gap that is in no spool. */
export function notSpooled({ frameAfter: _, ...gap }: Gap): Gap {
  return gap;
}

/** One that nobody has, to be joined with others. Where nobody knows its size, it stays one of its own. */
function unnumbered(gap: Gap): Gap {
  const { number: _, ...rest } = notSpooled(gap);
  return gap.count === undefined ? notSpooled(gap) : rest;
}

function keyOf({ number, cause, stream }: Gap): string {
  return number ?? `${cause} ${nameOfStream(stream)}`;
}
