/** The parts of the world outside a batch that a formatter could look at. */
export interface StillWorld {
  /** What the clock says. */
  readonly nowMs: number;
  /** What `Math.random` gives. */
  readonly random: number;
}

/** The world in which formats are tried. */
export const still: StillWorld = { nowMs: 1_600_000_000_000, random: 0.5 };

/** Runs a function in a world where time stands still and chance always says the same. */
export function inStillWorld<Result>(world: StillWorld, run: () => Result): Result {
  const RealDate = Date;
  const real = { random: Math.random, now: performance.now };
  class StillDate extends RealDate {
    constructor(...args: unknown[]) {
      super(...((args.length === 0 ? [world.nowMs] : args) as []));
    }
    static override now(): number {
      return world.nowMs;
    }
  }
  globalThis.Date = StillDate as DateConstructor;
  Math.random = () => world.random;
  performance.now = () => world.nowMs % 1e9;
  try {
    return run();
  } finally {
    globalThis.Date = RealDate;
    Math.random = real.random;
    performance.now = real.now;
  }
}
