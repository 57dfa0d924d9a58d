import { CamflowError } from '@camflow/api';

/** The error of a number that is not, or no longer, that of a process. */
export function noSuchProcess(pid: number, cause?: unknown): CamflowError {
  return new CamflowError('SYSTEM_CALL_FAILED', `There is no process ${pid}`, {
    cause,
    hint: 'Give the number of a process that runs, as ps shows it.',
  });
}
