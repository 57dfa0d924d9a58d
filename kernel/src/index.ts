/**
 * Everything of CamFlow that knows Linux.
 *
 * @packageDocumentation
 */
export * from './libc/make-fifo.ts';
export * from './libc/system-call-error.ts';
export * from './libc/unix-datagram-socket.ts';
export * from './stream/write-all.ts';
