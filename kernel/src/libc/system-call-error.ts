import { getSystemErrorMap, getSystemErrorName } from 'node:util';
import { CamflowError } from '@camflow/api';

/** The error underneath a failed native call; has the shape of the system errors of Node. */
interface SystemError extends Error {
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
}

/**
 * Makes the error of a failed native call: `PERMISSION_DENIED` for EPERM and EACCES, else
 * `SYSTEM_CALL_FAILED`. Its cause names the errno.
 *
 * @param call - name of the call: `mkfifo`
 * @param subject - what it was made on: a path
 * @param result - what the call returned: the negated errno
 */
export function systemCallError(call: string, subject: string, result: number): CamflowError {
  const name = getSystemErrorName(result);
  const meaning = getSystemErrorMap().get(result)?.[1] ?? 'unknown error';
  const cause: SystemError = Object.assign(new Error(`${name}: ${meaning}`), {
    code: name,
    errno: result,
    syscall: call,
  });
  const code = name === 'EPERM' || name === 'EACCES' ? 'PERMISSION_DENIED' : 'SYSTEM_CALL_FAILED';
  return new CamflowError(code, `${call} failed on ${subject}: ${name} (${meaning})`, { cause });
}

/**
 * The name of the errno behind an error of Node or of a native call, `ENOENT` say; undefined where there is
 * none. Looks at the error and then at its causes.
 */
export function errnoName(error: unknown): string | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code, errno } = at as Partial<SystemError>;
    if (typeof code === 'string' && typeof errno === 'number') return code;
  }
  return undefined;
}
