import { formatSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import format from './index.ts';

describe.each(['default', 'camflow'])('contract, dialect %s', (dialect) => {
  formatSuite({ test, definition: format, options: { dialect } });
});
