import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { CamflowError } from '@camflow/api';

/**
 * Reads a control file by exactly one read(2). CamFlow's files do not advance: a second read gives the same bytes
 * again, so that reading until the end never ends.
 * @param sizeBytes - the size of what is there: some files answer with the size that was asked for
 * @throws CamflowError `PERMISSION_DENIED` or `SYSTEM_CALL_FAILED`
 */
export function readOnce(path: string, sizeBytes: number): Buffer {
  const answer = Buffer.alloc(sizeBytes);
  return answer.subarray(0, exchangeOnce(path, answer));
}

/**
 * Asks a control file by exactly one read(2) whose memory holds the question and receives the answer.
 * @returns what read(2) returned, which need not be the size of the answer
 * @throws CamflowError `PERMISSION_DENIED` or `SYSTEM_CALL_FAILED`
 */
export function exchangeOnce(path: string, memory: Uint8Array): number {
  return withFile(path, constants.O_RDONLY, (fd) => readSync(fd, memory, 0, memory.length, null));
}

/**
 * Writes a control file by exactly one write(2). The result of the call is not looked at: a successful write to
 * some files returns 0, so that writing until all is written never ends.
 * @throws CamflowError `PERMISSION_DENIED` or `SYSTEM_CALL_FAILED`
 */
export function writeOnce(path: string, bytes: Uint8Array): void {
  withFile(path, constants.O_WRONLY, (fd) => writeSync(fd, bytes, 0, bytes.length, null));
}

function withFile<Result>(path: string, flags: number, act: (fd: number) => Result): Result {
  let fd: number | undefined;
  try {
    fd = openSync(path, flags | constants.O_NOFOLLOW);
    return act(fd);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const verb = flags === constants.O_RDONLY ? 'read' : 'write';
    if (code === 'EACCES' || code === 'EPERM') {
      throw new CamflowError('PERMISSION_DENIED', `May not ${verb} ${path}`, {
        cause: error,
        hint: 'Run as root.',
      });
    }
    throw new CamflowError('SYSTEM_CALL_FAILED', `Cannot ${verb} ${path}`, { cause: error });
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}
