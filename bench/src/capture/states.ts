/** What is measured, each against the bare kernel, in the order of what it costs. */
export const states = ['disabled', 'stopped', 'untracked', 'reader', 'recorder'] as const;

/** One of them: `bench/guest/cost.sh` says how it is brought about. */
export type State = (typeof states)[number];

/** What the page says of a state, and how many times the bare kernel it may cost. */
export const descriptions: Readonly<Record<State, { about: string; most: number }>> = {
  disabled: { about: 'programs pinned, capture disabled', most: 1.03 },
  stopped: { about: 'capture of the whole system enabled, and disabled again', most: 1.03 },
  untracked: { about: 'capture enabled, nothing tracked', most: 1.25 },
  reader: { about: 'whole system, a reader that throws the records away', most: 2 },
  recorder: { about: 'whole system, the recorder writing its log (PROV-JSON)', most: 3 },
};

/**
 * How many times the workloads are timed in the state; half of that on the bare kernel before it, and half after. Less
 * where records are made, which a reader has to keep up with.
 */
export const timesOf: Readonly<Record<State, number>> = {
  disabled: 10,
  stopped: 10,
  untracked: 10,
  reader: 4,
  recorder: 4,
};
