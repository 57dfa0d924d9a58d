import { type Accounts, actionsOf, type EffectivePolicy, filterNames, namesInFilter } from '@camflow/kernel';
import { subjectText } from './state-text.ts';

/** A policy for programs. */
export function policyJson(policy: EffectivePolicy, accounts: Accounts): Readonly<Record<string, unknown>> {
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
