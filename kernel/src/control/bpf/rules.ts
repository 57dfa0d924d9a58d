import type { Channel } from '../../bpf/channel.ts';
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
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  list(kind: RuleKind): Rule[] {
    if (kind === 'user' || kind === 'group') {
      return listPolicies(this.#channel, kind).map(({ id, flags }) => ({
        selector: { kind, id: Number(id) },
        bits: flags,
      }));
    }
    if (kind === 'cgroup') {
      return [...listPolicies(this.#channel, 'cgroup'), ...listPolicies(this.#channel, 'namespace')].map(
        ({ id, flags }) => ({
          selector: { kind, id },
          bits: flags,
        }),
      );
    }
    if (kind !== 'secctx') return listAddresses(this.#channel, kind);
    return listContextPolicies(this.#channel)
      .map(({ context, flags }) => ({ selector: { kind, context }, bits: flags }))
      .sort((one, other) => (one.selector.context < other.selector.context ? -1 : 1));
  }

  add({ selector: target, bits }: RuleRequest): void {
    const selector = acceptSelector(target);
    if ('range' in selector) addAddress(this.#channel, selector, bits);
    else if (selector.kind === 'secctx')
      setContextPolicy(this.#channel, { context: selector.context, flags: bits });
    else setPolicy(this.#channel, { ...policyOf(selector), flags: bits });
  }

  remove(target: RuleTarget): void {
    const selector = resolveSelector(target);
    if ('range' in selector) removeAddress(this.#channel, selector);
    else if (selector.kind === 'secctx') deleteContextPolicy(this.#channel, selector.context);
    else {
      const { kind, id } = policyOf(selector);
      deletePolicy(this.#channel, kind, id);
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
