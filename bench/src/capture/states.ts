/** What is measured, each against the bare kernel, in the order of what it costs. */
export const states = ['disabled', 'untracked', 'reader', 'recorder'] as const;

/** One of them: `bench/guest/cost.sh` says how it is brought about. */
export type State = (typeof states)[number];

/** What the page says of a state, and how many times the bare kernel it may cost. */
export const descriptions: Readonly<Record<State, { about: string; most: number }>> = {
  disabled: { about: 'programs pinned, capture disabled', most: 1.03 },
  untracked: { about: 'capture enabled, nothing tracked', most: 1.25 },
  reader: { about: 'whole system, a reader that throws the records away', most: 2 },
  recorder: { about: 'whole system, the recorder writing its log (PROV-JSON)', most: 3 },
};

/**
 * How many times the rounds are gone through in each half of a boot, of which again the least counts: twice where a few
 * percent are to be told apart, once where records are made, which rings have to hold.
 */
export const passesOf: Readonly<Record<State, number>> = {
  disabled: 2,
  untracked: 2,
  reader: 1,
  recorder: 1,
};
