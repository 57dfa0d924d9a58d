import { createHash } from 'node:crypto';
import type { FieldTest, FilterRule, RecordFilter } from './policy.ts';

/**
 * The hash of a policy: SHA-256, lower-case hexadecimal, over its rules in a canonical form. The order of rules
 * counts, as the first that matches decides; the order and repetition of names, values and tests do not.
 * @param filter - the whole filter, whoever applies it; null records everything, as does a filter without rules
 */
export function hashRecordFilter(filter: RecordFilter | null): string {
  const canonical = JSON.stringify((filter?.rules ?? []).map(canonicalRule));
  return createHash('sha256').update(canonical).digest('hex');
}

function canonicalRule(rule: FilterRule): unknown[] {
  const tests = (rule.where ?? []).map((test) => JSON.stringify(canonicalTest(test)));
  return [rule.action, distinct(rule.nodes), distinct(rule.relations), distinct(tests)];
}

function canonicalTest(test: FieldTest): unknown[] {
  return [test.field, test.op, distinct(test.values)];
}

function distinct(texts: readonly string[] | undefined): string[] {
  return [...new Set(texts)].sort();
}
