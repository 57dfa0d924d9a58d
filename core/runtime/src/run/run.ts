import type { Logger } from '@camflow/api';
import type { RunPlan } from './run-plan.ts';
import type { RunReport } from './run-report.ts';

/** A run: from one source, through one policy, into one or more outputs. Made by `createRun`. */
export interface Run {
  /**
   * Makes every plugin, checks and opens the outputs, warms up the workers, opens the source, and starts.
   * Where anything fails, what was opened is closed again and nothing has been captured.
   */
  start(): Promise<void>;
  /** Settles when the run has ended by itself or by `stop`; rejects where the source or a plugin failed for good. */
  readonly ended: Promise<RunReport>;
  /** Drains: asks the source to finish, delivers what was accepted, closes. Legal twice. */
  stop(): Promise<RunReport>;
  /** Stops at once: what outputs have not taken is counted as `shutdown`. */
  abort(): Promise<RunReport>;
  /** Opens files of outputs anew. */
  reopen(): Promise<void>;
  /** The state now. */
  report(): RunReport;
}

/** What a run needs from its surroundings. */
export interface RunDependencies {
  readonly log: Logger;
}

/** Makes runs. */
export type CreateRun = (plan: RunPlan, dependencies: RunDependencies) => Run;
