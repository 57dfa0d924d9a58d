import { CamflowError } from '@camflow/api';
import { nativeCall } from './native-call.ts';
import { systemCallError } from './system-call-error.ts';

type Get<Target> = readonly [target: Target, name: string, value: Uint8Array, size: number];
type Set<Target> = readonly [...Get<Target>, flags: number];

const getByPath = nativeCall<Get<string>>(
  'intptr_t getxattr(const char *path, const char *name, void *value, size_t size)',
);
const getByFile = nativeCall<Get<number>>(
  'intptr_t fgetxattr(int fd, const char *name, void *value, size_t size)',
);
const setByPath = nativeCall<Set<string>>(
  'int setxattr(const char *path, const char *name, const void *value, size_t size, int flags)',
);
const setByFile = nativeCall<Set<number>>(
  'int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)',
);

/**
 * Reads an extended attribute. Symbolic links are followed.
 * @param target - a path, or an open file
 * @param sizeBytes - room for the value
 * @throws CamflowError `SYSTEM_CALL_FAILED` or `PERMISSION_DENIED`; `errnoName` says which errno
 */
export function getAttribute(target: string | number, name: string, sizeBytes: number): Buffer {
  const value = Buffer.alloc(sizeBytes);
  const result =
    typeof target === 'string'
      ? getByPath(checkedPath(target), name, value, sizeBytes)
      : getByFile(target, name, value, sizeBytes);
  if (result < 0) throw systemCallError('getxattr', String(target), result);
  return value.subarray(0, result);
}

/** Writes an extended attribute, made or replaced. As {@link getAttribute}. */
export function setAttribute(target: string | number, name: string, value: Uint8Array): void {
  const result =
    typeof target === 'string'
      ? setByPath(checkedPath(target), name, value, value.length, 0)
      : setByFile(target, name, value, value.length, 0);
  if (result < 0) throw systemCallError('setxattr', String(target), result);
}

function checkedPath(path: string): string {
  if (path.includes('\0')) throw new CamflowError('INTERNAL', 'The path of a file holds a NUL');
  return path;
}
