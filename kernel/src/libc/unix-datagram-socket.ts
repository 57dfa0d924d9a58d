import { closeSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { nativeCall } from './native-call.ts';
import { errnoName, systemCallError } from './system-call-error.ts';

// The kernel's numbers, equal on every architecture that Node runs on.
const AF_UNIX = 1;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Longest path of a UNIX socket in bytes: `sun_path` less the NUL at its end. */
export const longestSocketPath: number = 107;

/** More than any kernel takes in one datagram; checked before the call so that a size is never cut. */
const largestDatagram = 1 << 24;

const socket = nativeCall<[domain: number, type: number, protocol: number]>(
  'int socket(int domain, int type, int protocol)',
);
const connect = nativeCall<[fd: number, address: Uint8Array, size: number]>(
  'int connect(int fd, const void *address, uint32_t size)',
);
const setsockopt = nativeCall<[fd: number, level: number, option: number, value: Uint8Array, size: number]>(
  'int setsockopt(int fd, int level, int option, const void *value, uint32_t size)',
);
const send = nativeCall<[fd: number, bytes: Uint8Array, size: number, flags: number]>(
  'intptr_t send(int fd, const void *bytes, size_t size, int flags)',
);

/**
 * - `sent`: the kernel has the whole datagram
 * - `busy`: no room now (the queue of the reader or the memory of the socket is full); try again later
 * - `too_large`: no datagram of that size can pass through this socket
 */
export type SendOutcome = 'sent' | 'busy' | 'too_large';

/** A datagram socket of the UNIX family, connected to a reader. No call blocks; none raises SIGPIPE. */
export interface UnixDatagramSocket {
  /**
   * Sends one datagram.
   * @param bytes - read during the call, not kept
   * @throws CamflowError where the reader is gone; `errnoName` says ECONNREFUSED, ENOTCONN or ECONNRESET
   */
  send(bytes: Uint8Array): SendOutcome;
  /** Closes the socket. Legal twice. */
  close(): void;
}

/** How a socket is made. */
export interface UnixDatagramOptions {
  /** Path of the reader's socket. */
  readonly path: string;
  /** Size of the send buffer in bytes: the kernel doubles it and holds it under `net.core.wmem_max`. Default: the kernel's. */
  readonly sendBufferBytes?: number | undefined;
}

/**
 * Connects to the datagram socket of a reader.
 *
 * @throws CamflowError `SYSTEM_CALL_FAILED` or `PERMISSION_DENIED`; `errnoName` says ENOENT where there is no
 *   socket, ECONNREFUSED where nobody reads it, EPROTOTYPE where it is a stream socket
 */
export function connectUnixDatagram({ path, sendBufferBytes }: UnixDatagramOptions): UnixDatagramSocket {
  const address = socketAddress(path);
  if (sendBufferBytes !== undefined && !(sendBufferBytes > 0 && sendBufferBytes <= 0x3fff_ffff)) {
    throw new CamflowError('INTERNAL', `A send buffer of ${sendBufferBytes} bytes cannot be asked for`);
  }
  let fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  if (fd < 0) throw systemCallError('socket', path, fd);

  const close = (): void => {
    if (fd >= 0) closeSync(fd);
    fd = -1;
  };
  const demand = (call: string, result: number): void => {
    if (result >= 0) return;
    close();
    throw systemCallError(call, path, result);
  };
  if (sendBufferBytes !== undefined) {
    const value = new Uint8Array(Int32Array.of(sendBufferBytes).buffer);
    demand('setsockopt', setsockopt(fd, SOL_SOCKET, SO_SNDBUF, value, value.length));
  }
  demand('connect', connect(fd, address, address.length));

  return {
    send: (bytes) => {
      if (bytes.length > largestDatagram) return 'too_large';
      const result = send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL);
      if (result >= 0) return 'sent';
      const error = systemCallError('send', path, result);
      switch (errnoName(error)) {
        case 'EAGAIN':
        case 'ENOBUFS':
        case 'EINTR':
          return 'busy';
        case 'EMSGSIZE':
          return 'too_large';
        default:
          throw error;
      }
    },
    close,
  };
}

/** `struct sockaddr_un`: the family in the byte order of the machine, then the path and a NUL. */
function socketAddress(path: string): Uint8Array {
  const encoded = Buffer.from(path);
  if (encoded.length === 0 || encoded.length > longestSocketPath || encoded.includes(0)) {
    throw new CamflowError('INTERNAL', `Not the path of a UNIX socket: ${JSON.stringify(path)}`);
  }
  return Buffer.concat([new Uint8Array(Uint16Array.of(AF_UNIX).buffer), encoded, Buffer.alloc(1)]);
}
