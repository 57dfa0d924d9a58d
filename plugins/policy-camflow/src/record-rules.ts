import { type FilterRule, nodeTypeNamed, relationTypeNamed } from '@camflow/api';
import type { ControlSettings } from '@camflow/config';

/** Classes of relations for which kernels have a filter. */
const filteredClasses: ReadonlySet<string> = new Set(['derived', 'generated', 'used', 'informed']);

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

/**
 * What a source may leave out already. Names come in nodes of type `path`: the runtime needs these even where no
 * output shows them.
 */
export function pushedDown(rules: readonly FilterRule[]): FilterRule[] {
  return rules.flatMap(({ action, nodes, relations, where }): FilterRule[] => {
    if (where !== undefined) return [];
    const kept = nodes?.filter((name) => name !== 'path' && nodeTypeNamed(name) !== undefined) ?? [];
    const classes =
      relations?.filter((name) => filteredClasses.has(relationTypeNamed(name)?.class ?? '')) ?? [];
    return [
      ...(kept.length > 0 ? [{ action, nodes: kept }] : []),
      ...(classes.length > 0 ? [{ action, relations: classes }] : []),
    ];
  });
}

/** Sorted and without repetition: the order of lines does not matter. */
function named({ lists }: ControlSettings, key: string): string[] {
  return [...new Set(lists.get(key)?.map(({ value }) => value))].sort();
}
