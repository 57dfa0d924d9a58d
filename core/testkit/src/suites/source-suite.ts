import { definitionRule } from './definition-rules.ts';
import { sourceBatchRules } from './source-batch-rules.ts';
import { sourceLifeRules } from './source-life-rules.ts';
import { type SourceSuiteOptions, SourceTrial } from './source-trial.ts';
import { declareRules, type Rule, type TestFunction } from './suite.ts';

/** The rules that every capture source keeps. */
export const sourceRules: readonly Rule<SourceTrial>[] = [
  definitionRule('source'),
  ...sourceLifeRules,
  ...sourceBatchRules,
];

/**
 * Declares the contract tests of a capture source. Each test gets a fresh place to read from, with records in
 * it, from `factory`.
 * @returns the ids of the rules that apply to it
 */
export function sourceSuite<Options>(
  suite: SourceSuiteOptions<Options> & { readonly test: TestFunction },
): string[] {
  const trial = new SourceTrial(suite as SourceSuiteOptions<unknown>);
  return declareRules(suite.test, suite.definition.name, sourceRules, trial);
}
