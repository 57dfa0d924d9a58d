import type { FilterRule } from '@camflow/api';
import type { ControlSettings } from '@camflow/config';

/**
 * The rules that do to records what the filters of camflow.ini do in a kernel: types that it names are left out, and
 * relations with such a node at either end. Nothing is kept where capture is not enabled.
 */
export function recordRules(settings: ControlSettings): FilterRule[] {
  if (settings.booleans.get('provenance.enabled') === false) return [{ action: 'drop' }];
  const nodes = named(settings, 'provenance.node_filter');
  const relations = named(settings, 'provenance.relation_filter');
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

/** Sorted and without repetition: the order of lines does not matter. */
function named({ lists }: ControlSettings, key: string): string[] {
  return [...new Set(lists.get(key)?.map(({ value }) => value))].sort();
}
