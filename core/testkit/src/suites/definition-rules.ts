import assert from 'node:assert/strict';
import { apiVersion, isPluginDefinition, type PluginKind } from '@camflow/api';
import type { Rule } from './suite.ts';

/** The parts of a definition that every kind has. */
export interface AnyDefinition {
  readonly kind: PluginKind;
  readonly name: string;
  readonly summary: string;
  readonly apiVersion: number;
  readonly options?: { readonly keys: Readonly<Record<string, { readonly summary: string }>> };
}

/** The rule about the definition object, the same for each kind. */
export function definitionRule(kind: PluginKind): Rule<{ readonly definition: AnyDefinition }> {
  return {
    id: `${kind}/definition`,
    sentence:
      'the definition is made by definePlugin, for this interface, with a plain name and documented options',
    async check({ definition }) {
      assert.ok(isPluginDefinition(definition), 'not made by definePlugin');
      assert.equal(definition.kind, kind);
      assert.equal(definition.apiVersion, apiVersion, 'made for another version of the interface');
      assert.match(definition.name, /^[a-z0-9_-]+$/);
      assert.notEqual(definition.summary.trim(), '', 'no summary');
      for (const [key, doc] of Object.entries(definition.options?.keys ?? {})) {
        assert.notEqual(doc.summary.trim(), '', `option ${key} has no summary`);
      }
    },
  };
}
