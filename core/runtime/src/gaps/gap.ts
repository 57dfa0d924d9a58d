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
  /**
   * What its identifier is made of, in decimal digits, once it has one: whoever is told of it twice, as a recorder was
   * killed in between, sees that it is the same.
   */
  readonly number?: string;
  /** Where it waits for its output in the spool of that: number of the frame that follows. Absent where it does not. */
  readonly frameAfter?: number;
}

/** Records that were lost, and counted. */
export interface Loss extends Gap {
  readonly count: number;
}

/**
 * Where the gaps of a batch are: the output has them, it refused them for good, they went with other units, or they
 * wait in its spool, before the frame of that number.
 */
export type Whereabouts = 'taken' | 'refused' | 'dropped' | { readonly frameAfter: number };

/** One gap for two that cannot be told apart: of one cause and stream. */
export function joinGaps(a: Gap, b: Gap): Gap {
  return {
    ...a,
    count: a.count === undefined || b.count === undefined ? undefined : a.count + b.count,
    fromMs: Math.min(a.fromMs, b.fromMs),
    untilMs: Math.max(a.untilMs, b.untilMs),
  };
}

/** The first of the numbers that a moment has for its gaps: over a million of them. */
export function firstNumberOf(nowMs: number): bigint {
  return BigInt(nowMs) << 20n;
}

/** A stream as people read it: `short0`. */
export function nameOfStream(stream: StreamId | undefined): string {
  return stream === undefined ? 'unknown' : `${stream.kind}${stream.cpu}`;
}
