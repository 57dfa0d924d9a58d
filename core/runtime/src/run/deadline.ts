/**
 * Waits for a promise, but no longer than a time.
 * @returns whether it settled in time; a rejection comes through
 */
export async function settlesWithin(promise: Promise<unknown>, timeoutMs: number): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(resolve, timeoutMs, false);
  });
  try {
    return await Promise.race([promise.then(() => true), late]);
  } finally {
    clearTimeout(timer);
  }
}

/**
 * Waits for a promise until a signal is aborted, and then a little longer.
 * @returns whether it settled in time; a rejection comes through
 */
export async function settlesUnless(
  signal: AbortSignal,
  graceMs: number,
  promise: Promise<unknown>,
): Promise<boolean> {
  if (signal.aborted) return settlesWithin(promise, graceMs);
  let onAbort: (() => void) | undefined;
  const aborted = new Promise<boolean>((resolve) => {
    onAbort = () => resolve(false);
    signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    if (await Promise.race([promise.then(() => true), aborted])) return true;
  } finally {
    if (onAbort) signal.removeEventListener('abort', onAbort);
  }
  return settlesWithin(promise, graceMs);
}
