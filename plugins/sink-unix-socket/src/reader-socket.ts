import { lstat } from 'node:fs/promises';
import { CamflowError } from '@camflow/api';
import { errnoName } from '@camflow/kernel';

/**
 * Looks whether the path may become, or is, the socket of a reader.
 *
 * @throws CamflowError `SINK_MISCONFIGURED` where something else is in its place
 */
export async function checkReaderSocket(address: string): Promise<void> {
  try {
    const found = await lstat(address);
    if (found.isSocket() || found.isSymbolicLink()) return;
  } catch (error) {
    if (errnoName(error) === 'ENOENT') return;
    throw new CamflowError('SINK_MISCONFIGURED', `The socket ${address} cannot be looked at`, {
      cause: error,
    });
  }
  throw new CamflowError('SINK_MISCONFIGURED', `${address} exists and is not a socket`, {
    hint: 'Name the socket that the reader has made.',
  });
}

/** The error of a socket that could not be connected to, or whose reader went: both may mend. */
export function readerGone(address: string, cause: unknown): CamflowError {
  const name = errnoName(cause);
  const absent = name === 'ENOENT' || name === 'ECONNREFUSED';
  return new CamflowError(
    'SINK_UNAVAILABLE',
    absent ? `Nobody reads the socket ${address}` : `The socket ${address} cannot be written to`,
    {
      retryable: true,
      cause,
      ...(name === 'EPROTOTYPE' && { hint: 'The reader made a socket of the other type: set `type`.' }),
    },
  );
}
