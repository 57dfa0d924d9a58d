import type { Accounts } from '../libc/accounts.ts';
import type { EffectivePolicy } from './effective-policy.ts';
import { filterNames, namesInFilter } from './filters.ts';
import type { ProvenanceControl } from './provenance-control.ts';
import { actionsOf, type Rule, selectorText } from './rules.ts';

/** A value that JSON can hold. */
export type JsonObject = Readonly<Record<string, unknown>>;

/** What a rule is about, users and groups by name where they have one. */
export function subjectText({ selector }: Rule, accounts: Accounts): string {
  if (selector.kind === 'user') return accounts.userName(selector.id) ?? String(selector.id);
  if (selector.kind === 'group') return accounts.groupName(selector.id) ?? String(selector.id);
  return selectorText(selector);
}

/** A policy for programs. */
export function policyJson(policy: EffectivePolicy, accounts: Accounts): JsonObject {
  return {
    switches: policy.switches,
    filters: Object.fromEntries(filterNames.map((name) => [name, namesInFilter(name, policy.filters[name])])),
    rules: policy.rules.map((rule) => ({
      kind: rule.selector.kind,
      subject: subjectText(rule, accounts),
      actions: actionsOf(rule.bits),
    })),
  };
}

/** The state of capture for programs: nothing in it is a secret. */
export function stateJson(control: ProvenanceControl, accounts: Accounts): JsonObject {
  return {
    backend: control.backend,
    version: control.recording.version(),
    machineId: control.recording.machineId(),
    bootId: control.recording.bootId(),
    policyHash: Buffer.from(control.policy.hash()).toString('hex').toUpperCase(),
    captured: control.switches.captured(),
    drops: control.recording.drops(),
    ...policyJson(control.policy.read(), accounts),
  };
}
