import type { TestFunction } from '../suites/suite.ts';

/** Declares a suite, runs its tests one after another, and says which rules failed, with their messages. */
export async function failingRules(declare: (test: TestFunction) => string[]): Promise<Map<string, string>> {
  const tests: [name: string, run: () => Promise<void>][] = [];
  const ids = declare((name, run) => tests.push([name, run]));
  const failed = new Map<string, string>();
  for (const [i, [, run]] of tests.entries()) {
    await run().catch((error: unknown) => failed.set(ids[i]!, String(error)));
  }
  return failed;
}
