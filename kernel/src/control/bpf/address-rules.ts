import { formatAddressRange, networkOf } from '@camflow/api';
import type { AddressRule } from '../../bpf/address-table.ts';
import type { Channel } from '../../bpf/channel.ts';
import { underControlLock } from '../../bpf/control-lock.ts';
import { listAddressRules, setAddressRules } from '../../bpf/policy-maps.ts';
import type { AddressRuleKind, Rule, RuleSelector } from '../rules.ts';

type AddressSelector = Extract<RuleSelector, { readonly range: unknown }>;

const directionOf = (kind: AddressRuleKind): 'ingress' | 'egress' =>
  kind.endsWith('ingress') ? 'ingress' : 'egress';
const familyOf = (kind: AddressRuleKind): 4 | 6 => (kind.startsWith('ipv4') ? 4 : 6);

/** Rules about addresses of one family and direction. */
export function listAddresses(channel: Channel, kind: AddressRuleKind): Rule[] {
  return listAddressRules(channel, directionOf(kind))
    .filter(({ address }) => address.length === (familyOf(kind) === 4 ? 4 : 16))
    .map(({ address, prefix, port, flags }) => ({
      selector: { kind, range: { family: familyOf(kind), address, prefix, port } },
      bits: flags,
    }));
}

/** Adds to what is said about addresses. */
export function addAddress(channel: Channel, { kind, range }: AddressSelector, flags: number): void {
  const { prefix, port } = range;
  changeRules(channel, kind, (rules) => {
    const known = rules.find((rule) => isAbout(rule, { kind, range }));
    if (known !== undefined) {
      return rules.map((rule) => (rule === known ? { ...rule, flags: rule.flags | flags } : rule));
    }
    return [...rules, { address: networkOf(range), prefix, port, flags }];
  });
}

/** Removes what is said about addresses. */
export function removeAddress(channel: Channel, selector: AddressSelector): void {
  changeRules(channel, selector.kind, (rules) => rules.filter((rule) => !isAbout(rule, selector)));
}

function changeRules(
  channel: Channel,
  kind: AddressRuleKind,
  change: (rules: readonly AddressRule[]) => AddressRule[],
): void {
  const direction = directionOf(kind);
  underControlLock(() => setAddressRules(channel, direction, change(listAddressRules(channel, direction))));
}

function isAbout(rule: AddressRule, { kind, range }: AddressSelector): boolean {
  const family = familyOf(kind);
  if (rule.address.length !== (family === 4 ? 4 : 16)) return false;
  return formatAddressRange({ ...rule, family }) === formatAddressRange(range);
}
