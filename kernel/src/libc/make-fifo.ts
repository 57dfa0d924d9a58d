import { CamflowError } from '@camflow/api';
import { nativeCall } from './native-call.ts';
import { systemCallError } from './system-call-error.ts';

const mkfifo: (path: string, mode: number) => number = nativeCall<[path: string, mode: number]>(
  'int mkfifo(const char *path, uint32_t mode)',
);

/**
 * Makes a named pipe. Does not block.
 *
 * @param path - where; its folder must exist, the path itself must not
 * @param mode - permission bits, less those of the umask
 * @throws CamflowError `SYSTEM_CALL_FAILED` or `PERMISSION_DENIED`; `errnoName` tells which errno
 */
export function makeFifo(path: string, mode: number): void {
  if (path.includes('\0')) throw new CamflowError('INTERNAL', 'The path of a named pipe holds a NUL');
  if (!Number.isInteger(mode) || mode < 0 || mode > 0o777) {
    throw new CamflowError('INTERNAL', `Mode ${mode} of a named pipe is not made of permission bits`);
  }
  const result = mkfifo(path, mode);
  if (result < 0) throw systemCallError('mkfifo', path, result);
}
