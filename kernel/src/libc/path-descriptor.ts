import { openSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { errnoName } from './system-call-error.ts';

/** `O_PATH`, which Node does not name; the same on every architecture that it runs on. */
const pathOnly = 0o10_000_000;

/**
 * Opens a path as a place in the file tree, which symbolic links are followed to. The file itself is not opened: a
 * named pipe has nobody wait, no device notices, a socket can be named too, and its own permissions do not count.
 *
 * @returns a descriptor to be closed by the caller; there is nothing to read through it
 * @throws CamflowError `SYSTEM_CALL_FAILED` where there is no such file, or `PERMISSION_DENIED`
 */
export function openPath(path: string): number {
  try {
    return openSync(path, pathOnly);
  } catch (cause) {
    const errno = errnoName(cause);
    const denied = errno === 'EACCES' || errno === 'EPERM';
    throw new CamflowError(denied ? 'PERMISSION_DENIED' : 'SYSTEM_CALL_FAILED', `Cannot find ${path}`, {
      cause,
      hint: denied ? 'Run as root.' : 'Give the path of a file that exists.',
    });
  }
}
