import { nativeCall } from './native-call.ts';
import { systemCallError } from './system-call-error.ts';

// The kernel's numbers, equal on every architecture that Node runs on.
const SOL_SOCKET = 1;
const SO_PEERCRED = 17;
const SO_PEERPIDFD = 77;

const getsockopt = nativeCall<
  [fd: number, level: number, option: number, value: Uint8Array, size: Uint8Array]
>('int getsockopt(int fd, int level, int option, void *value, void *size)');

/** Who connected a UNIX socket, as the kernel saw it at that moment. */
export interface PeerCredentials {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
}

/**
 * Asks the kernel who is at the other end of a UNIX socket; nothing that the peer says goes into it.
 * @param fd - of a connected socket
 * @throws CamflowError `SYSTEM_CALL_FAILED`
 */
export function peerCredentials(fd: number): PeerCredentials {
  const value = ask(fd, SO_PEERCRED, 3);
  return { pid: value[0]!, uid: value[1]! >>> 0, gid: value[2]! >>> 0 };
}

/**
 * The process that connected a UNIX socket, as a descriptor that stands for it alone. The caller closes it.
 * @param fd - of a connected socket
 * @throws CamflowError `SYSTEM_CALL_FAILED`; `errnoName` is `ENOPROTOOPT` on kernels before 6.5, and `ESRCH` or `EINVAL`
 *   on some where the process is gone
 */
export function peerProcess(fd: number): number {
  return ask(fd, SO_PEERPIDFD, 1)[0]!;
}

/** Asks for an option that holds integers. */
function ask(fd: number, option: number, integers: number): Int32Array {
  const value = new Int32Array(integers);
  const size = new Uint32Array([value.byteLength]);
  const bytes = (array: ArrayBufferView): Uint8Array => new Uint8Array(array.buffer);
  const result = getsockopt(fd, SOL_SOCKET, option, bytes(value), bytes(size));
  if (result < 0) throw systemCallError('getsockopt', 'the peer of a socket', result);
  return value;
}
