import { describe, expect, test } from 'vitest';
import { brokenFormats, goodDocuments, goodLines } from '../test/broken-formats.ts';
import { failingRules } from '../test/failing-rules.ts';
import { formatRules, formatSuite } from './format-suite.ts';

describe('the contract of formats', () => {
  test.each([['lines', goodLines] as const, ['documents', goodDocuments] as const])(
    'holds for %s',
    async (_, definition) => {
      expect(await failingRules((declare) => formatSuite({ test: declare, definition }))).toEqual(new Map());
    },
  );

  test('has one broken format per rule', () => {
    expect(Object.keys(brokenFormats).sort()).toEqual(formatRules.map(({ id }) => id).sort());
  });

  test.each(Object.entries(brokenFormats))('%s alone fails where it is broken', async (id, definition) => {
    const failed = await failingRules((declare) => formatSuite({ test: declare, definition }));
    expect([...failed.keys()], JSON.stringify([...failed])).toEqual([id]);
  });
});
