import { sinkSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

describe('the contract of outputs', () => {
  sinkSuite({
    test,
    definition,
    factory: () => ({ options: {} }),
    cannot: ['readBack', 'stall', 'fail', 'footprint'],
  });
});
