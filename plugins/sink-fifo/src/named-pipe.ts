import { closeSync, constants, fstatSync, openSync, type Stats } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { Socket } from 'node:net';
import { dirname } from 'node:path';
import { CamflowError, makeFolder } from '@camflow/api';
import { errnoName, makeFifo } from '@camflow/kernel';

/**
 * Looks whether the path is free or a named pipe.
 *
 * @returns whether there is a named pipe
 * @throws CamflowError `SINK_MISCONFIGURED`
 */
export async function findNamedPipe(path: string): Promise<boolean> {
  let found: Stats;
  try {
    found = await lstat(path);
  } catch (error) {
    if (errnoName(error) === 'ENOENT') return false;
    throw misconfigured(
      `${path} cannot be looked at`,
      'Check the path, and the permissions of its folders.',
      error,
    );
  }
  if (!found.isFIFO()) throw notAPipe(path);
  return true;
}

/**
 * Makes the named pipe, and its folder, where they are missing.
 *
 * @throws CamflowError `SINK_MISCONFIGURED`
 */
export async function ensureNamedPipe(path: string): Promise<void> {
  if (await findNamedPipe(path)) return;
  try {
    await makeFolder(dirname(path), 0o750);
    makeFifo(path, 0o640);
  } catch (error) {
    // Someone else was faster: then it is what they made that counts.
    if (errnoName(error) === 'EEXIST' && (await findNamedPipe(path))) return;
    throw misconfigured(
      `The named pipe ${path} cannot be made`,
      'Check the permissions of its folder.',
      error,
    );
  }
}

/**
 * Opens the named pipe for writing, without waiting for a reader.
 *
 * @returns a stream that writes when the kernel has room and never blocks
 * @throws CamflowError `SINK_UNAVAILABLE`, retryable, where nobody reads
 */
export function openNamedPipe(path: string): Socket {
  const { O_WRONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  let fd: number;
  try {
    fd = openSync(path, O_WRONLY | O_NONBLOCK | O_NOFOLLOW);
  } catch (error) {
    throw new CamflowError(
      'SINK_UNAVAILABLE',
      errnoName(error) === 'ENXIO'
        ? `Nobody reads the named pipe ${path}`
        : `The named pipe ${path} cannot be opened`,
      { retryable: true, cause: error },
    );
  }
  if (!fstatSync(fd).isFIFO()) {
    closeSync(fd);
    throw notAPipe(path);
  }
  return new Socket({ fd, readable: false, writable: true });
}

function notAPipe(path: string): CamflowError {
  return misconfigured(`${path} exists and is not a named pipe`, 'Move it away, or name another path.');
}

function misconfigured(message: string, hint: string, cause?: unknown): CamflowError {
  return new CamflowError('SINK_MISCONFIGURED', message, { hint, cause });
}
