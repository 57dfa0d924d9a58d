import assert from 'node:assert/strict';
import {
  nodeTypeNamed,
  type PolicyProgram,
  policyPartOf,
  recordTypes,
  relationTypeNamed,
  shapes,
} from '@camflow/api';
import { createRecordBatch } from '../fakes/record-batch.ts';
import { createStory } from '../story/story.ts';
import { definitionRule } from './definition-rules.ts';
import { keeps } from './evaluate-filter.ts';
import { offers, type PolicySuiteOptions, PolicyTrial } from './policy-trial.ts';
import { declareRules, type Rule, type TestFunction } from './suite.ts';

/** The rules that every policy keeps. */
export const policyRules: readonly Rule<PolicyTrial>[] = [
  definitionRule('policy'),
  {
    id: 'policy/pure',
    sentence: 'the same options and capabilities give the same program',
    async check(trial) {
      for (const offer of offers) assert.deepEqual(await trial.compile(offer), await trial.compile(offer));
    },
  },
  {
    id: 'policy/option-order',
    sentence: 'the order in which options are written does not matter',
    async check(trial) {
      const reversed = Object.fromEntries(Object.entries(trial.options).reverse());
      assert.deepEqual(await trial.compile([], reversed), await trial.compile());
    },
  },
  {
    id: 'policy/plain-data',
    sentence: 'a program is plain data: it survives structured cloning and JSON unchanged',
    async check(trial) {
      for (const offer of offers) {
        const program = await trial.compile(offer);
        assert.deepEqual(structuredClone(program), program);
        assert.deepEqual(JSON.parse(JSON.stringify(program)), program);
      }
    },
  },
  {
    id: 'policy/push-down-offered',
    sentence: 'only what the source offers to apply is pushed down',
    async check(trial) {
      for (const offer of offers) {
        for (const rule of (await trial.compile(offer)).pushDown?.rules ?? []) {
          const needs = policyPartOf(rule);
          assert.ok(offer.includes(needs), `${needs} pushed down to a source that offers [${offer.join()}]`);
        }
      }
    },
  },
  {
    id: 'policy/push-down-equal',
    sentence: 'the workers keep the same records whatever the source applies, which leaves out none of these',
    async check(trial) {
      const plain = await trial.compile();
      for (const offer of offers) sameRecords(plain, await trial.compile(offer), offer.join());
    },
  },
  {
    id: 'policy/known-names',
    sentence: 'rules name types and fields that exist, and values that can be read',
    async check(trial) {
      for (const offer of offers) checkNames(await trial.compile(offer));
    },
  },
  {
    id: 'policy/hash-form',
    sentence: 'the hash is a SHA-256 in lower-case hexadecimal',
    async check(trial) {
      assert.match((await trial.compile()).hash, /^[0-9a-f]{64}$/);
    },
  },
  {
    id: 'policy/hash-of-policy',
    sentence: 'the hash names the policy, whatever part of it the source applies',
    async check(trial) {
      const { hash } = await trial.compile();
      for (const offer of offers)
        assert.equal((await trial.compile(offer)).hash, hash, `offered [${offer.join()}]`);
    },
  },
  {
    id: 'policy/hash-differs',
    sentence: 'different policies have different hashes',
    applies: (trial) => trial.variants.length > 0,
    async check(trial) {
      const hashes = new Map<string, string>();
      for (const options of [trial.options, ...trial.variants]) {
        const { hash } = await trial.compile([], options);
        const text = JSON.stringify(options);
        assert.equal(hashes.get(hash), undefined, `${text} has the hash of ${hashes.get(hash)}`);
        hashes.set(hash, text);
      }
    },
  },
  {
    id: 'policy/input-untouched',
    sentence: 'the capabilities are not changed',
    async check(trial) {
      for (const offer of offers) {
        const capabilities = trial.capabilities(offer);
        Object.freeze(capabilities.pushDown);
        await trial.compile(offer, trial.options, Object.freeze(capabilities));
      }
    },
  },
];

function sameRecords(one: PolicyProgram, other: PolicyProgram, offer: string): void {
  for (const { stream, bytes } of createStory({ records: 2000 }).chunks()) {
    for (const view of createRecordBatch({ bytes, kind: stream.kind }).records()) {
      const [expected, kept] = [one, other].map(({ filter }) => keeps(filter, view));
      const what = `${view.type.name} ${view.id}, offered [${offer}]`;
      assert.equal(kept, expected, what);
      assert.ok(keeps(other.pushDown, view) || !kept, `${what}: pushed down, and kept by the workers`);
    }
  }
}

function checkNames({ pushDown, filter }: PolicyProgram): void {
  for (const rule of [...(pushDown?.rules ?? []), ...(filter?.rules ?? [])]) {
    for (const name of rule.nodes ?? []) assert.ok(name === '*' || nodeTypeNamed(name), `node type ${name}`);
    for (const name of rule.relations ?? [])
      assert.ok(name === '*' || relationTypeNamed(name), `relation type ${name}`);
    for (const { field, values } of rule.where ?? []) {
      const isType = ['type', 'snd.type', 'rcv.type', 'previous_type'].includes(field);
      const known = isType || [...shapes.values()].some((shape) => shape.fields.has(field));
      assert.ok(known, `no record has a field ${field}`);
      for (const value of values) {
        const isName = isType && recordTypes.some(({ name }) => name === value);
        assert.ok(isName || /^(0x[0-9a-f]+|-?\d+)$/i.test(value), `value ${value} of field ${field}`);
      }
    }
  }
}

/**
 * Declares the contract tests of a policy.
 *
 * ```ts
 * policySuite({ test, definition: myPolicy, options: { hide: 'envp' }, variants: [{ hide: 'argv' }] });
 * ```
 * @returns the ids of the rules that apply to it
 */
export function policySuite<Options>(
  suite: PolicySuiteOptions<Options> & { readonly test: TestFunction },
): string[] {
  const trial = new PolicyTrial(suite as PolicySuiteOptions<unknown>);
  return declareRules(suite.test, suite.definition.name, policyRules, trial);
}
