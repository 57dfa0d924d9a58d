import type { LossCause, StreamId } from '@camflow/api';

/** Records that were lost together. */
export interface Gap {
  readonly cause: LossCause;
  /** The stream that lost them; undefined where it is not known. */
  readonly stream: StreamId | undefined;
  /** How many; undefined where it is not known. */
  readonly count: number | undefined;
  /** When the first was lost at the earliest, in milliseconds since 1970. */
  readonly fromMs: number;
  /** When the last was lost at the latest. */
  readonly untilMs: number;
}

/** Gaps that are not told yet: those of one cause and stream are told as one. */
export class GapList {
  readonly #gaps = new Map<string, Gap>();

  get isEmpty(): boolean {
    return this.#gaps.size === 0;
  }

  add(gap: Gap): void {
    const key = `${gap.cause} ${nameOfStream(gap.stream)}`;
    const known = this.#gaps.get(key);
    this.#gaps.set(key, known === undefined ? gap : joined(known, gap));
  }

  /** The first few, which are told now. */
  take(most: number): Gap[] {
    const taken = [...this.#gaps].slice(0, most);
    for (const [key] of taken) this.#gaps.delete(key);
    return taken.map(([, gap]) => gap);
  }

  /** All of them; they stay. */
  all(): readonly Gap[] {
    return [...this.#gaps.values()];
  }
}

function joined(a: Gap, b: Gap): Gap {
  return {
    ...a,
    count: a.count === undefined || b.count === undefined ? undefined : a.count + b.count,
    fromMs: Math.min(a.fromMs, b.fromMs),
    untilMs: Math.max(a.untilMs, b.untilMs),
  };
}

/** A stream as people read it: `short0`. */
export function nameOfStream(stream: StreamId | undefined): string {
  return stream === undefined ? 'unknown' : `${stream.kind}${stream.cpu}`;
}
