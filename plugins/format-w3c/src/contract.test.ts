import { formatSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

describe.each(['default', 'camflow'])('the contract of formats, dialect %s', (dialect) => {
  formatSuite({ test, definition, options: { dialect } });
});
