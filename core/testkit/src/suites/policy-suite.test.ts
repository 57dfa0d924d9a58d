import { describe, expect, test } from 'vitest';
import { brokenPolicies, goodPolicy } from '../test/broken-policies.ts';
import { failingRules } from '../test/failing-rules.ts';
import { policyRules, policySuite } from './policy-suite.ts';

const trial = {
  options: { nodes: 'envp', uid: '1000' },
  variants: [{ nodes: 'envp' }, { nodes: 'argv', uid: '1000' }, {}],
};

describe('the contract of policies', () => {
  test('holds for a good one', async () => {
    const definition = goodPolicy;
    expect(await failingRules((declare) => policySuite({ test: declare, definition, ...trial }))).toEqual(
      new Map(),
    );
  });

  test('has one broken policy per rule', () => {
    expect(Object.keys(brokenPolicies).sort()).toEqual(policyRules.map(({ id }) => id).sort());
  });

  test.each(Object.entries(brokenPolicies))('%s alone fails where it is broken', async (id, definition) => {
    const failed = await failingRules((declare) => policySuite({ test: declare, definition, ...trial }));
    expect([...failed.keys()], JSON.stringify([...failed])).toEqual([id]);
  });
});
