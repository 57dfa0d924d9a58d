import { constants } from 'node:os';
import { CamflowError } from '@camflow/api';

/** The error of a system call on a control file, as the kernel package makes it. */
export function refusal(
  errno: 'EACCES' | 'EINVAL' | 'ENOMEM' | 'ENOENT' | 'EPERM' | 'EOPNOTSUPP',
  path: string,
): CamflowError {
  const cause = Object.assign(new Error(`${errno}: refused, ${path}`), {
    code: errno,
    errno: -(constants.errno as Record<string, number>)[errno]!,
    syscall: 'write',
  });
  const code = errno === 'EACCES' || errno === 'EPERM' ? 'PERMISSION_DENIED' : 'SYSTEM_CALL_FAILED';
  return new CamflowError(code, `Cannot use ${path}`, { cause });
}
