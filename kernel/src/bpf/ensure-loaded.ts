import { underControlLock } from './control-lock.ts';
import { loadPrograms, unloadPrograms } from './load-programs.ts';
import { isCapturePinned } from './pinned-capture.ts';

const defaultRingBytes = 8 * 2 ** 20;

/**
 * Loads the programs unless they are loaded; where another process is doing so, waits until it has. Takes seconds, for
 * which the thread is blocked.
 * @param ringBytes - size of each ring where they are made: a power of two; default 8 MiB
 * @throws CamflowError
 */
export function ensureLoaded(ringBytes: number = defaultRingBytes): void {
  underControlLock(() => {
    if (isCapturePinned()) return;
    // What a loader left that was killed: one that is at work has the lock.
    unloadPrograms();
    loadPrograms(ringBytes);
  });
}
