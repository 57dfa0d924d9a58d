import { parseAddressRange } from '@camflow/api';
import { expect, test } from 'vitest';
import type { EffectivePolicy } from './effective-policy.ts';
import { emptyFilters } from './filters.ts';
import { hashPolicy } from './policy-hash.ts';
import type { AddressRuleKind, Rule } from './rules.ts';

const switches = {
  enabled: true,
  all: false,
  version: true,
  compressNode: true,
  compressEdge: true,
  duplicate: false,
};
const plain: EffectivePolicy = { switches, filters: { ...emptyFilters, node: 0x4000640n }, rules: [] };
const version = { version: 'v0.9.0', commit: '' };
const hash = (policy: EffectivePolicy, by = version): string =>
  Buffer.from(hashPolicy(policy, by)).toString('hex');
const range = (kind: AddressRuleKind, text: string, bits = 1): Rule => ({
  selector: { kind, range: parseAddressRange(kind.startsWith('ipv4') ? 4 : 6, text) },
  bits,
});

test('without rules it is what the kernel of CamFlow computes', () => {
  expect(hash(plain)).toBe('20886955f109776556315a2eb91a1ae1e6d13e8f6b3cab8b8f8c98faf985c7b2');
});

test('the order of rules does not count, nor bits behind a prefix', () => {
  const user: Rule = { selector: { kind: 'user', id: 1000 }, bits: 5 };
  const one = [user, range('ipv4-egress', '10.0.0.0/8:80'), range('ipv6-egress', '2001:db8::/32:1')];
  const other = [range('ipv6-egress', '[2001:db8:0::5]/32:1'), range('ipv4-egress', '10.1.2.3/8:80'), user];
  expect(hash({ ...plain, rules: other })).toBe(hash({ ...plain, rules: one }));
});

test('whatever else differs gives another hash', () => {
  const rules: Rule[] = [
    range('ipv4-ingress', '0.0.0.0/0:0'),
    range('ipv4-egress', '0.0.0.0/0:0'),
    range('ipv4-egress', '0.0.0.0/0:1'),
    range('ipv4-egress', '0.0.0.0/1:0'),
    range('ipv4-egress', '0.0.0.0/0:0', 5),
    range('ipv6-egress', '::/0:0'),
    { selector: { kind: 'user', id: 1 }, bits: 1 },
    { selector: { kind: 'group', id: 1 }, bits: 1 },
    { selector: { kind: 'cgroup', id: 1n }, bits: 1 },
    { selector: { kind: 'secctx', context: '1' }, bits: 1 },
  ];
  const policies = [
    plain,
    ...rules.map((rule) => ({ ...plain, rules: [rule] })),
    { ...plain, rules: rules.slice(0, 2) },
    ...Object.entries(switches).map(([name, on]) => ({ ...plain, switches: { ...switches, [name]: !on } })),
    ...Object.keys(emptyFilters).map((name) => ({ ...plain, filters: { ...plain.filters, [name]: 2n } })),
  ];
  const hashes = [...policies.map((policy) => hash(policy)), hash(plain, { version: 'v0.9.1', commit: '' })];
  hashes.push(hash(plain, { version: 'v0.9.0', commit: 'a' }));
  expect(new Set(hashes).size).toBe(hashes.length);
});
