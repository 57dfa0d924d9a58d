import { recordTypes } from '../record/record-types.ts';
import type { PolicyPart } from './capture-source.ts';
import type { FilterRule, RecordFilter } from './policy.ts';

const allNodes: readonly string[] = recordTypes
  .filter(({ category }) => category === 'node')
  .map(({ name }) => name);
const endFields: ReadonlySet<string> = new Set(['snd.type', 'rcv.type']);

/** The part of a policy that a rule belongs to. */
export function policyPartOf({ where = [] }: FilterRule): PolicyPart {
  if (where.length === 0) return 'types';
  return where.every(({ field }) => endFields.has(field)) ? 'ends' : 'fields';
}

/**
 * What of a filter a source may be given: the rules of the parts that it offers, as far as they leave out nothing that
 * the whole filter keeps. Nodes of type `path` are never among it: names come in them, and the runtime needs these even
 * where no output shows them.
 * @param parts - what the capabilities of the source name
 * @returns null where nothing is left
 */
export function pushDownOf(filter: RecordFilter | null, parts: readonly PolicyPart[]): RecordFilter | null {
  const rules: FilterRule[] = [];
  for (const rule of filter?.rules ?? []) {
    if (parts.includes(policyPartOf(rule))) rules.push(...withoutNames(rule));
    // What comes after it may leave out what it keeps.
    else if (rule.action === 'keep') break;
  }
  return rules.some(({ action }) => action === 'drop') ? { rules } : null;
}

function withoutNames(rule: FilterRule): FilterRule[] {
  if (rule.action === 'keep') return [rule];
  const isForAll = rule.nodes === undefined && rule.relations === undefined;
  const given = isForAll ? ['*'] : (rule.nodes ?? []);
  const named = given.includes('*') ? allNodes : given;
  const nodes = named.filter((name) => name !== 'path');
  const relations = isForAll ? ['*'] : rule.relations;
  if (nodes.length === 0 && relations === undefined) return [];
  const { action, where } = rule;
  return [
    {
      action,
      ...(nodes.length > 0 && { nodes }),
      ...(relations !== undefined && { relations }),
      ...(where !== undefined && { where }),
    },
  ];
}
