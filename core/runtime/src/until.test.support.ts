import { setTimeout as sleep } from 'node:timers/promises';

/** Waits until something holds. @throws Error where it does not within 20 seconds */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 20_000; !(await condition()); await sleep(5))
    if (Date.now() > deadline) throw new Error('waited in vain');
}
