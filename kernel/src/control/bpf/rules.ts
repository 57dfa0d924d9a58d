import { CamflowError } from '@camflow/api';
import { underControlLock } from '../../bpf/control-lock.ts';
import {
  deletePolicy,
  listContexts,
  listPolicies,
  type PolicyKind,
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
    return kind === 'secctx' ? listContextRules() : listAddresses(kind);
  }

  add({ selector, bits }: Rule): void {
    if ('range' in selector) {
      addAddress(selector, bits);
      return;
    }
    const [kind, id] = policyKey(selector);
    underControlLock(() => {
      const known = listPolicies(kind).find((policy) => policy.id === id);
      setPolicy({ kind, id, flags: (known?.flags ?? 0) | bits });
    });
  }

  remove(selector: RuleSelector): void {
    if ('range' in selector) removeAddress(selector);
    else deletePolicy(...policyKey(selector));
  }
}

function policyKey(selector: Exclude<RuleSelector, { readonly range: unknown }>): [PolicyKind, bigint] {
  if (selector.kind === 'secctx') return ['context', contextNumber(selector.context)];
  return [selector.kind, BigInt(selector.id)];
}

/** Contexts that the kernel has a number for, but that no process was seen with since, are shown by number. */
function listContextRules(): Rule[] {
  const texts = listContexts();
  return listPolicies('context').map(({ id, flags }) => ({
    selector: { kind: 'secctx', context: texts.get(Number(id)) ?? `#${id}` },
    bits: flags,
  }));
}

/** The kernel tells user space no number for a text: only what the programs met is known. */
function contextNumber(context: string): bigint {
  const byNumber = /^#(\d{1,10})$/.exec(context)?.[1];
  if (byNumber !== undefined) return BigInt(byNumber);
  for (const [id, text] of listContexts()) if (text === context) return BigInt(id);
  throw new CamflowError('UNSUPPORTED', `The security context "${context.slice(0, 200)}" was not met yet`, {
    hint: 'With BPF programs a context can be named once something with it was recorded.',
  });
}
