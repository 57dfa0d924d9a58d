import { closeSync, mkdirSync, openSync } from 'node:fs';
import { nativeCall } from '../libc/native-call.ts';
import { systemCallError } from '../libc/system-call-error.ts';

const folder = '/run/camflow';
const file = `${folder}/control.lock`;
const exclusive = 2;
const interrupted = -4;

const flock: (fd: number, operation: number) => number = nativeCall<[number, number]>(
  'int flock(int fd, int operation)',
);

let held = false;

/**
 * Does something while no other process changes the pinned maps, or loads or removes them: reading an entry, changing it
 * and writing it back is more than one step, and so is loading. Waits for as long as another holds the lock: a few system
 * calls, or the seconds that loading takes. The task must not be asynchronous. Within itself it takes the lock once.
 *
 * Who needs the lock of recorders too takes that one first.
 */
export function underControlLock<Result>(task: () => Result): Result {
  if (held) return task();
  mkdirSync(folder, { recursive: true, mode: 0o755 });
  const fd = openSync(file, 'a', 0o600);
  try {
    let result: number;
    do result = flock(fd, exclusive);
    while (result === interrupted);
    if (result < 0) throw systemCallError('flock', file, result);
    held = true;
    return task();
  } finally {
    held = false;
    closeSync(fd);
  }
}
