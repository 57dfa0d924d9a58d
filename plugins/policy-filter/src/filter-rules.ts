import type { FilterRule } from '@camflow/api';
import type { FilterOptions } from './filter-options.ts';

/**
 * The rules that give the options CamFlow's meaning: the listed types are dropped, and so is a relation with a
 * dropped type at either end. Equal sets of names give equal rules.
 */
export function filterRules(options: FilterOptions): FilterRule[] {
  const nodes = distinct(options.nodeFilter);
  const relations = distinct(options.relationFilter);
  const rules: FilterRule[] = [];
  if (nodes.length > 0) {
    rules.push({ action: 'drop', nodes });
    for (const field of ['snd.type', 'rcv.type']) {
      rules.push({ action: 'drop', relations: ['*'], where: [{ field, op: 'in', values: nodes }] });
    }
  }
  if (relations.length > 0) rules.push({ action: 'drop', relations });
  return rules;
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)].sort();
}
