import { nearestName, type OptionsDefinition, type RecordType, recordTypes } from '@camflow/api';
import * as v from 'valibot';

/** What the policy drops. */
export interface FilterOptions {
  /** Names of node types. */
  readonly nodeFilter: readonly string[];
  /** Names of relation types. */
  readonly relationFilter: readonly string[];
}

function namesOf(category: RecordType['category']): readonly string[] {
  return recordTypes.filter((type) => type.category === category).map((type) => type.name);
}

/** Accepts one name or several; an unknown one is refused with the nearest one that exists. */
function typeNames(
  category: RecordType['category'],
): v.GenericSchema<string | readonly string[] | undefined, string[]> {
  const known = namesOf(category);
  const name = v.pipe(
    v.string(),
    v.check(
      (text) => known.includes(text),
      (issue) => {
        const nearest = nearestName(issue.input, known);
        return `'${issue.input}' is not a ${category} type${nearest ? `; did you mean '${nearest}'?` : ''}`;
      },
    ),
  );
  return v.pipe(
    v.optional(v.union([v.string(), v.array(v.string())]), []),
    v.transform((value) => (typeof value === 'string' ? [value] : value)),
    v.array(name),
  );
}

/** `node_filter` and `relation_filter`, as in CamFlow's own configuration. */
export const filterOptions: OptionsDefinition<FilterOptions> = {
  schema: v.pipe(
    v.object({ node_filter: typeNames('node'), relation_filter: typeNames('relation') }),
    v.transform((raw) => ({ nodeFilter: raw.node_filter, relationFilter: raw.relation_filter })),
  ),
  keys: {
    node_filter: {
      summary: 'Name of a node type to leave out, with every relation that starts or ends at such a node.',
      repeatable: true,
    },
    relation_filter: { summary: 'Name of a relation type to leave out.', repeatable: true },
  },
};
