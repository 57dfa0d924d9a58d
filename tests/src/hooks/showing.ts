import { type ProgramKind, programsOf } from './build-programs.ts';
import { calls } from './calls.ts';
import type { ProgramRuns, RunRequest, WantedRelation } from './program-runs.ts';

/** Whether a relation is there because of a call. */
export interface Showing {
  readonly wanted: WantedRelation;
  /** How many there are with the call, and without it. */
  readonly with: number;
  readonly without: number;
  readonly shown: boolean;
}

/** Every run of the programs of some kinds: those of calls once with the call and once without. */
export function requestsOf(kinds: readonly ProgramKind[]): RunRequest[] {
  return kinds.flatMap((kind) =>
    programsOf(kind).flatMap((name) =>
      (kind === 'calls' ? [true, false] : [true]).map((withCall) => ({ kind, name, with: withCall })),
    ),
  );
}

/** What a call shows: more relations of a kind with it than without. */
export function showing(runs: ProgramRuns, name: string, wanted: readonly WantedRelation[]): Showing[] {
  return wanted.map((each) => {
    const [withCall, without] = [true, false].map(
      (made) => runs.find({ kind: 'calls', name, with: made }, each).length,
    ) as [number, number];
    return { wanted: each, with: withCall, without, shown: withCall > without };
  });
}

/** Names of the calls of which everything shows that should. */
export function callsShown(runs: ProgramRuns): string[] {
  return calls
    .filter(({ name, shows }) => shows.length > 0 && showing(runs, name, shows).every(({ shown }) => shown))
    .map(({ name }) => name);
}
