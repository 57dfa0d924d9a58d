/** Whether the whole fault suite is asked for (`pnpm faults`), not the part that continuous integration runs. */
export const full: boolean = process.env['CAMFLOW_FAULTS'] === 'full';

/** A number of faults: that of the whole suite, or the reduced one. */
export function scaled(whole: number, reduced: number): number {
  return full ? whole : reduced;
}

/** Waits for a condition. */
export async function until(condition: () => boolean | Promise<boolean>, timeoutMs = 60_000): Promise<void> {
  for (const deadline = Date.now() + timeoutMs; !(await condition()); ) {
    if (Date.now() > deadline) throw new Error('waited in vain');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
