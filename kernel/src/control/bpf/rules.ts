import {
  deleteContextPolicy,
  deletePolicy,
  listContextPolicies,
  listPolicies,
  setContextPolicy,
  setPolicy,
} from '../../bpf/policy-maps.ts';
import type { Rule, RuleControl, RuleKind, RuleSelector } from '../rules.ts';
import { addAddress, listAddresses, removeAddress } from './address-rules.ts';

/** Rules of the BPF programs. */
export class BpfRules implements RuleControl {
  list(kind: RuleKind): Rule[] {
    if (kind === 'user' || kind === 'group') {
      return listPolicies(kind).map(({ id, flags }) => ({ selector: { kind, id: Number(id) }, bits: flags }));
    }
    if (kind === 'cgroup') {
      return listPolicies(kind).map(({ id, flags }) => ({ selector: { kind, id }, bits: flags }));
    }
    if (kind !== 'secctx') return listAddresses(kind);
    return listContextPolicies()
      .map(({ context, flags }) => ({ selector: { kind, context }, bits: flags }))
      .sort((one, other) => (one.selector.context < other.selector.context ? -1 : 1));
  }

  add({ selector, bits }: Rule): void {
    if ('range' in selector) {
      addAddress(selector, bits);
      return;
    }
    if (selector.kind === 'secctx') setContextPolicy({ context: selector.context, flags: bits });
    else setPolicy({ kind: selector.kind, id: BigInt(selector.id), flags: bits });
  }

  remove(selector: RuleSelector): void {
    if ('range' in selector) removeAddress(selector);
    else if (selector.kind === 'secctx') deleteContextPolicy(selector.context);
    else deletePolicy(selector.kind, BigInt(selector.id));
  }
}
