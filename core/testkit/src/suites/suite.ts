/**
 * How a test is declared: `test` of `node:test`, of vitest, of jest, or a function of one's own. It calls `run`
 * now or later; the test has failed where `run` throws or rejects.
 */
export type TestFunction = (name: string, run: () => Promise<void>) => unknown;

/** One rule of a contract, with the check that holds a plugin to it. */
export interface Rule<Trial> {
  /** Stable name, `kind/rule`. */
  readonly id: string;
  /** What a plugin must do, as the contract says it. */
  readonly sentence: string;
  /** Whether the rule can be checked on this plugin, by what it declares about itself. Default: always. */
  applies?(trial: Trial): boolean;
  /** Throws where the rule is broken. */
  check(trial: Trial): Promise<void>;
}

/** Declares one test per rule that applies. Returns the ids of these rules. */
export function declareRules<Trial>(
  test: TestFunction,
  name: string,
  rules: readonly Rule<Trial>[],
  trial: Trial,
): string[] {
  const declared = rules.filter((rule) => rule.applies?.(trial) ?? true);
  for (const rule of declared) test(`${name}: ${rule.sentence} [${rule.id}]`, () => rule.check(trial));
  return declared.map(({ id }) => id);
}
