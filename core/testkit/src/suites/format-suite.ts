import { definitionRule } from './definition-rules.ts';
import { formatOutputRules } from './format-output-rules.ts';
import { formatPurityRules } from './format-purity-rules.ts';
import { type FormatSuiteOptions, FormatTrial } from './format-trial.ts';
import { declareRules, type Rule, type TestFunction } from './suite.ts';

/** The rules that every format keeps. */
export const formatRules: readonly Rule<FormatTrial>[] = [
  definitionRule('format'),
  ...formatOutputRules,
  ...formatPurityRules,
];

/**
 * Declares the contract tests of a format.
 *
 * ```ts
 * formatSuite({ test, definition: myFormat, options: { dialect: 'camflow' } });
 * ```
 * @returns the ids of the rules that apply to it
 */
export function formatSuite<Options>(
  suite: FormatSuiteOptions<Options> & { readonly test: TestFunction },
): string[] {
  const trial = new FormatTrial(suite as FormatSuiteOptions<unknown>);
  return declareRules(suite.test, suite.definition.name, formatRules, trial);
}
