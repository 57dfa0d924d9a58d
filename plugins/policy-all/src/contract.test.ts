import { policySuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

describe('the contract of policies', () => {
  policySuite({ test, definition });
});
