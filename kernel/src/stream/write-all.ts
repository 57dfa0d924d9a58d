import type { Socket } from 'node:net';

/**
 * Writes bytes to a pipe or socket and waits until the kernel has every one of them, without ever blocking
 * the event loop.
 *
 * Where that fails, or the signal is aborted, the socket is closed before the promise rejects: its descriptor
 * is free, nothing reads `bytes` any more, and a new connection starts with nothing of the old one.
 *
 * @param socket - open for writing, not destroyed; one write at a time
 * @throws the error of the socket, or the reason of the signal
 */
export function writeAll(socket: Socket, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = (): void => {
      socket.destroy(signal.reason as Error);
    };
    const settle = (): void => {
      signal.removeEventListener('abort', stop);
      socket.off('close', fail);
      socket.off('error', noted);
    };
    const fail = (): void => {
      settle();
      reject(socket.errored ?? new Error('The connection was closed'));
    };
    // 'close' follows, and says that the descriptor is free.
    const noted = (): void => {};

    socket.on('close', fail);
    socket.on('error', noted);
    if (signal.aborted) return stop();
    signal.addEventListener('abort', stop);
    socket.write(bytes, (error) => {
      // A socket that was destroyed reports its writes as done.
      if (error || socket.destroyed) return;
      settle();
      resolve();
    });
  });
}
