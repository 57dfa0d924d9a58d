import {
  deleteContextPolicy,
  deletePolicy,
  type IdentityPolicy,
  listContextPolicies,
  listPolicies,
  setContextPolicy,
  setPolicy,
} from '../../bpf/policy-maps.ts';
import { isCgroupNamespace, resolveSelector } from '../cgroups.ts';
import type { Rule, RuleControl, RuleKind, RuleRequest, RuleSelector, RuleTarget } from '../rules.ts';
import { acceptSelector } from './accept-selector.ts';
import { addAddress, listAddresses, removeAddress } from './address-rules.ts';

/** Rules of the BPF programs. */
export class BpfRules implements RuleControl {
  list(kind: RuleKind): Rule[] {
    if (kind === 'user' || kind === 'group') {
      return listPolicies(kind).map(({ id, flags }) => ({ selector: { kind, id: Number(id) }, bits: flags }));
    }
    if (kind === 'cgroup') {
      return [...listPolicies('cgroup'), ...listPolicies('namespace')].map(({ id, flags }) => ({
        selector: { kind, id },
        bits: flags,
      }));
    }
    if (kind !== 'secctx') return listAddresses(kind);
    return listContextPolicies()
      .map(({ context, flags }) => ({ selector: { kind, context }, bits: flags }))
      .sort((one, other) => (one.selector.context < other.selector.context ? -1 : 1));
  }

  add({ selector: target, bits }: RuleRequest): void {
    const selector = acceptSelector(target);
    if ('range' in selector) addAddress(selector, bits);
    else if (selector.kind === 'secctx') setContextPolicy({ context: selector.context, flags: bits });
    else setPolicy({ ...policyOf(selector), flags: bits });
  }

  remove(target: RuleTarget): void {
    const selector = resolveSelector(target);
    if ('range' in selector) removeAddress(selector);
    else if (selector.kind === 'secctx') deleteContextPolicy(selector.context);
    else {
      const { kind, id } = policyOf(selector);
      deletePolicy(kind, id);
    }
  }
}

/** The programs tell a cgroup from a cgroup namespace; for people both are what a rule about cgroups names. */
function policyOf({
  kind,
  id,
}: Extract<RuleSelector, { readonly id: unknown }>): Omit<IdentityPolicy, 'flags'> {
  const number = BigInt(id);
  return { kind: kind === 'cgroup' && isCgroupNamespace(number) ? 'namespace' : kind, id: number };
}
