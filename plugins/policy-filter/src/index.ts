import {
  apiVersion,
  definePlugin,
  hashRecordFilter,
  type PolicyDefinition,
  pushDownOf,
  type SourceCapabilities,
} from '@camflow/api';
import { type FilterOptions, filterOptions } from './filter-options.ts';
import { filterRules } from './filter-rules.ts';

const policyFilter: PolicyDefinition<FilterOptions> = definePlugin({
  kind: 'policy',
  name: 'filter',
  summary: 'Leaves out named types of nodes, with their relations, and named types of relations.',
  apiVersion,
  options: filterOptions,
  create: (options: FilterOptions) => ({
    compile({ pushDown }: SourceCapabilities) {
      const rules = filterRules(options);
      const filter = rules.length > 0 ? { rules } : null;
      return { hash: hashRecordFilter(filter), pushDown: pushDownOf(filter, pushDown), filter };
    },
  }),
});

export default policyFilter;
