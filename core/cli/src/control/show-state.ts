import { isCamflowError } from '@camflow/api';
import type { Channel } from '@camflow/kernel';
import { type ControlRun, channelOf, isAboutState, runControl } from './run-control.ts';
import { controlOfState } from './state-control.ts';

/** Asks a running recorder for the state of capture. Rejects where none serves its socket. */
export type AskState = (channel: Channel) => Promise<unknown>;

/**
 * Runs the option of a command line. Who may not look at the kernel and asks for the state of capture gets it from the
 * recorder, where one runs.
 * @returns what to print
 * @throws CamflowError
 */
export async function runControlForAnyUser(
  argv: readonly string[],
  run: ControlRun,
  askState: AskState,
): Promise<string> {
  try {
    return runControl(argv, run);
  } catch (error) {
    const isDenied = isCamflowError(error) && error.code === 'PERMISSION_DENIED';
    if (!isDenied || !isAboutState(argv)) throw error;
    const state = await askState(channelOf(argv)).catch(() => undefined);
    if (state === undefined) throw error;
    return runControl(argv, { ...run, open: () => controlOfState(state, run.accounts) });
  }
}
