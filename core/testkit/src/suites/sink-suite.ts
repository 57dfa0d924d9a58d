import { definitionRule } from './definition-rules.ts';
import { sinkDeliveryRules } from './sink-delivery-rules.ts';
import { sinkLifeRules } from './sink-life-rules.ts';
import { type SinkSuiteOptions, SinkTrial } from './sink-trial.ts';
import { declareRules, type Rule, type TestFunction } from './suite.ts';

/** The rules that every output keeps. */
export const sinkRules: readonly Rule<SinkTrial>[] = [
  definitionRule('sink'),
  ...sinkLifeRules,
  ...sinkDeliveryRules,
];

/**
 * Declares the contract tests of an output. Each test gets a fresh place to write to from `factory`.
 * @returns the ids of the rules that apply to it
 */
export function sinkSuite<Options>(
  suite: SinkSuiteOptions<Options> & { readonly test: TestFunction },
): string[] {
  const trial = new SinkTrial(suite as SinkSuiteOptions<unknown>);
  return declareRules(suite.test, suite.definition.name, sinkRules, trial);
}
