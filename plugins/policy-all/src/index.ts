import { apiVersion, definePlugin, hashRecordFilter, type PolicyDefinition } from '@camflow/api';

const policyAll: PolicyDefinition = definePlugin({
  kind: 'policy',
  name: 'all',
  summary: 'Records everything that the source captures.',
  apiVersion,
  create: () => ({
    compile: () => ({ hash: hashRecordFilter(null), pushDown: null, filter: null }),
  }),
});

export default policyAll;
