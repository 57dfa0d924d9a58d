import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

/** `fifo` throws away what it reads; `socket` too, and acknowledges every unit. */
export type ReaderKind = 'fifo' | 'socket';

const main = fileURLToPath(new URL('./reader-main.js', import.meta.url));

/**
 * Starts a reader in a process of its own. Settles when it reads.
 * @param path - of the named pipe or socket, which it makes
 * @param stallMs - for how long the socket is not read from at the beginning of each connection
 * @returns ends it
 */
export async function startReader(kind: ReaderKind, path: string, stallMs = 0): Promise<() => Promise<void>> {
  const reader = spawn(process.execPath, [main, kind, path, String(stallMs)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(reader, 'exit');
  const ready = once(reader.stdout, 'data').then(() => true);
  if (!(await Promise.race([ready, exited.then(() => false)])))
    throw new Error(`the reader of the ${kind} ended with ${reader.exitCode}`);
  return async () => {
    reader.kill('SIGKILL');
    await exited;
  };
}
