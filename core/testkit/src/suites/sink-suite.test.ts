import { describe, expect, test } from 'vitest';
import { brokenSinks, goodSink, storeSubject } from '../test/broken-sinks.ts';
import { failingRules } from '../test/failing-rules.ts';
import { sinkRules, sinkSuite } from './sink-suite.ts';

const factory = storeSubject;

describe('the contract of outputs', () => {
  test('holds for a good one', async () => {
    const failed = await failingRules((declare) =>
      sinkSuite({ test: declare, definition: goodSink, factory }),
    );
    expect(failed).toEqual(new Map());
  });

  test('has one broken sink per rule', () => {
    expect(Object.keys(brokenSinks).sort()).toEqual(sinkRules.map(({ id }) => id).sort());
  });

  test.each(Object.entries(brokenSinks))('%s alone fails where it is broken', async (id, definition) => {
    const failed = await failingRules((declare) => sinkSuite({ test: declare, definition, factory }));
    expect([...failed.keys()], JSON.stringify([...failed])).toEqual([id]);
  });

  test('leaves out what is declared, and fails for what is missing in silence', async () => {
    const bare = async () => ({ options: (await storeSubject()).options });
    const cannot = ['readBack', 'stall', 'fail', 'footprint'] as const;
    let declared: string[] = [];
    const honest = await failingRules((declare) => {
      declared = sinkSuite({ test: declare, definition: goodSink, factory: bare, cannot });
      return declared;
    });
    expect(honest).toEqual(new Map());
    expect(declared).not.toContain('sink/complete');
    const silent = await failingRules((declare) =>
      sinkSuite({ test: declare, definition: goodSink, factory: bare }),
    );
    expect(silent.get('sink/complete')).toContain("'readBack' in 'cannot'");
    expect(silent.get('sink/stop')).toContain("'stall' in 'cannot'");
  });
});
