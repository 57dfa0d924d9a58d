import type { PolicyPart } from './capture-source.ts';
import type { FilterRule, PolicyProgram } from './policy.ts';
import { hashRecordFilter } from './policy-hash.ts';
import { pushDownOf } from './push-down.ts';

/**
 * The program of a policy that is nothing but rules.
 * @param rules - in the order in which they are asked; none keeps everything
 * @param parts - what the capabilities of the source name
 */
export function programOf(rules: readonly FilterRule[], parts: readonly PolicyPart[]): PolicyProgram {
  const filter = rules.length > 0 ? { rules } : null;
  return { hash: hashRecordFilter(filter), pushDown: pushDownOf(filter, parts), filter };
}
