/** A timer of node that is to wait for longer does not wait at all. */
const longestMs = 2 ** 31 - 1;

/**
 * Does something after a time, however long.
 * @returns a function that cancels it; legal at any time
 */
export function callAfter(timeMs: number, action: () => void): () => void {
  let timer: NodeJS.Timeout;
  const wait = (leftMs: number): void => {
    const nowMs = Math.min(leftMs, longestMs);
    timer = setTimeout(() => (leftMs > nowMs ? wait(leftMs - nowMs) : action()), nowMs);
  };
  wait(timeMs);
  return () => clearTimeout(timer);
}
