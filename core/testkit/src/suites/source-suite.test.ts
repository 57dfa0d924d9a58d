import { describe, expect, test } from 'vitest';
import { brokenSources, goodSource, storedSubject } from '../test/broken-sources.ts';
import { failingRules } from '../test/failing-rules.ts';
import { sourceRules, sourceSuite } from './source-suite.ts';

const factory = storedSubject;

describe('the contract of capture sources', () => {
  test('holds for a good one', async () => {
    const failed = await failingRules((declare) =>
      sourceSuite({ test: declare, definition: goodSource, factory }),
    );
    expect(failed).toEqual(new Map());
  });

  test('has one broken source per rule', () => {
    expect(Object.keys(brokenSources).sort()).toEqual(sourceRules.map(({ id }) => id).sort());
  });

  test.each(Object.entries(brokenSources))('%s alone fails where it is broken', async (id, definition) => {
    const failed = await failingRules((declare) => sourceSuite({ test: declare, definition, factory }));
    expect([...failed.keys()], JSON.stringify([...failed])).toEqual([id]);
  });
});
