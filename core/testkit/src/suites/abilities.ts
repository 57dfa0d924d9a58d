import assert from 'node:assert/strict';

/**
 * Fetches what the author of a plugin must offer for a rule to be checked. What an implementation cannot do is
 * said in `cannot`; to leave it out in silence fails.
 */
export function offered<Value>(value: Value | undefined, ability: string): Value {
  assert.notEqual(
    value,
    undefined,
    `the suite needs '${ability}' from the factory, or '${ability}' in 'cannot'`,
  );
  return value as Value;
}

/** How soon is soon. */
export const soonMs = 3000;

/** Settles like the promise, or rejects where that takes longer than {@link soonMs}. */
export async function soon<Value>(promise: Promise<Value>, what: string): Promise<Value> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} did not settle within ${soonMs} ms`)), soonMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}
