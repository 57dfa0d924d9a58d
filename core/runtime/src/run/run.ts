import type { Logger } from '@camflow/api';
import type { ReloadReport } from './parts-exchange.ts';
import type { RunFigures } from './run-figures.ts';
import type { RunLimits } from './run-limits.ts';
import type { RunPlan } from './run-plan.ts';
import type { RunReport } from './run-report.ts';

/** A run: from one source, through one policy, into one or more outputs. Made by `createRun`. */
export interface Run {
  /**
   * Makes every plugin, compiles the policy, checks the outputs, warms up the workers, opens the source (which
   * captures nothing yet), opens the outputs, and starts to read.
   * Where anything fails, what was opened is closed again and nothing has been captured.
   */
  start(): Promise<void>;
  /**
   * Settles when the run has ended by itself, by `stop` or by `abort`, with everything closed; rejects where it
   * could not start, or the source or a formatter failed for good.
   */
  readonly ended: Promise<RunReport>;
  /**
   * Drains: asks the source to finish, delivers what was accepted, closes. What outputs have not taken within
   * the drain timeout is counted as `shutdown`. Legal twice and before `start`. Settles as `ended` does.
   */
  stop(): Promise<RunReport>;
  /** Stops at once: what outputs have not taken is counted as `shutdown`. Legal twice. Settles as `ended` does. */
  abort(): Promise<RunReport>;
  /**
   * Opens files of outputs anew, each between two writes. Every output is asked, then the first failure is
   * thrown; an output that failed to reopen goes on as it can. After the end nothing is open, and nothing happens.
   */
  reopen(): Promise<void>;
  /**
   * Makes the run what another plan says, while it goes on: outputs that the plan has not or has otherwise are given
   * what was read so far, closed, and the new ones opened; those that are the same are not touched. The policy is
   * exchanged where the source need not know of it.
   * @returns what was changed, and what the run cannot change
   * @throws CamflowError where a new output or the policy cannot be made or opened: everything is as it was then
   */
  reload(plan: RunPlan): Promise<ReloadReport>;
  /** The state now. */
  report(): RunReport;
  /** Figures now, for whoever watches. */
  figures(): RunFigures;
}

/** What a run needs from its surroundings. */
export interface RunDependencies {
  readonly log: Logger;
  /** Default `defaultRunLimits`. */
  readonly limits?: RunLimits;
  /**
   * Called once by `start`, when everything is open and nothing has been read: the last moment for what must only
   * happen when the run is sure to begin. Where it rejects, the start fails.
   */
  readonly beforeReading?: () => Promise<void>;
}

/** Makes runs. */
export type CreateRun = (plan: RunPlan, dependencies: RunDependencies) => Run;
