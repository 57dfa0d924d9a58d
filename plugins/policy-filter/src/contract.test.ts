import { policySuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

describe('the contract of policies', () => {
  policySuite({
    test,
    definition,
    options: { node_filter: ['envp', 'directory'], relation_filter: 'read' },
    variants: [
      { node_filter: ['envp', 'directory'] },
      { relation_filter: 'read' },
      { relation_filter: 'write' },
      {},
    ],
  });
});
