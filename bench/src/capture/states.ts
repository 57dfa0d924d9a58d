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

/** How a state is timed in a boot. */
export interface Turns {
  /** How many times the state is brought about, timed and left; the bare kernel is timed as often, in turns with it. */
  readonly turns: number;
  /** Rounds a time. */
  readonly rounds: number;
}

/** Many short turns where a few percent are to be told apart, long ones where a reader has to keep up. */
export const turnsOf: Readonly<Record<State, Turns>> = {
  disabled: { turns: 4, rounds: 20 },
  stopped: { turns: 4, rounds: 20 },
  untracked: { turns: 4, rounds: 20 },
  reader: { turns: 2, rounds: 40 },
  recorder: { turns: 2, rounds: 40 },
};
