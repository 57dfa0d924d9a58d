import {
  apiVersion,
  definePlugin,
  type PolicyDefinition,
  programOf,
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
    compile: ({ pushDown }: SourceCapabilities) => programOf(filterRules(options), pushDown),
  }),
});

export default policyFilter;
