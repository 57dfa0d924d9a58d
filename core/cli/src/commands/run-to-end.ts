import type { Run, RunReport } from '@camflow/runtime';
import { type ProgressStream, showProgress } from '../report/progress.ts';
import { stopOnBrokenPipe } from './stop-on-broken-pipe.ts';
import { stopOnSignals } from './stop-on-signals.ts';

/** How a run of a finite source ended. */
export interface EndedRun {
  readonly report: RunReport;
  /** The signal that ended it early, if one did. */
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * Runs a finite source to its end, with progress.
 * @param progress - where to show it; undefined for nowhere
 */
export async function runToEnd(run: Run, progress: ProgressStream | undefined): Promise<EndedRun> {
  const signals = stopOnSignals(run, ['SIGINT', 'SIGTERM']);
  const brokenPipe = stopOnBrokenPipe(run);
  try {
    await run.start();
    const endProgress = progress === undefined ? () => {} : showProgress(run, progress);
    const report = await run.ended.finally(endProgress);
    return { report, signal: brokenPipe.happened() ? 'SIGPIPE' : signals.received() };
  } finally {
    signals.dispose();
    brokenPipe.dispose();
  }
}
