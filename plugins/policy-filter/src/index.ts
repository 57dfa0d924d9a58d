import { apiVersion, definePlugin, hashRecordFilter, type PolicyDefinition } from '@camflow/api';
import { type FilterOptions, filterOptions } from './filter-options.ts';
import { filterRules } from './filter-rules.ts';

const policyFilter: PolicyDefinition<FilterOptions> = definePlugin({
  kind: 'policy',
  name: 'filter',
  summary: 'Leaves out named types of nodes, with their relations, and named types of relations.',
  apiVersion,
  options: filterOptions,
  create: (options: FilterOptions) => ({
    // Everything is left to the workers: names of path nodes are needed even where the nodes are dropped, so
    // the source must still deliver them.
    compile() {
      const rules = filterRules(options);
      const filter = rules.length > 0 ? { rules } : null;
      return { hash: hashRecordFilter(filter), pushDown: null, filter };
    },
  }),
});

export default policyFilter;
