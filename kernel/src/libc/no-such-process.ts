import { readFileSync } from 'node:fs';
import { CamflowError } from '@camflow/api';

/** The error of a number that is not, or no longer, that of a process. */
export function noSuchProcess(pid: number, cause?: unknown): CamflowError {
  return new CamflowError('SYSTEM_CALL_FAILED', `There is no process ${pid}`, {
    cause,
    hint: 'Give the number of a process that runs, as ps shows it.',
  });
}

/** @throws CamflowError `SYSTEM_CALL_FAILED` where the number is that of no process; one of its threads is none */
export function requireProcess(pid: number): void {
  let status: string;
  try {
    status = readFileSync(`/proc/${pid}/status`, 'latin1');
  } catch (cause) {
    throw noSuchProcess(pid, cause);
  }
  if (Number(/^Tgid:\s*(\d+)$/m.exec(status)?.[1]) !== pid) throw noSuchProcess(pid);
}
