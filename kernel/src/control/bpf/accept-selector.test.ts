import { parseAddressRange } from '@camflow/api';
import { expect, test } from 'vitest';
import type { RuleTarget } from '../rules.ts';
import { acceptSelector } from './accept-selector.ts';

const egress6 = (text: string): RuleTarget => ({ kind: 'ipv6-egress', range: parseAddressRange(6, text) });

test.each<RuleTarget>([
  { kind: 'user', id: 1000 },
  { kind: 'cgroup', id: 5n },
  { kind: 'ipv4-egress', range: parseAddressRange(4, '10.0.0.0/8:80') },
  egress6('[::1]/128:80'),
  egress6('[::]/0:0'),
  // Of these only some are of IPv4.
  egress6('[::ffff:0:0]/95:0'),
])('%o is what the programs know', (selector) => {
  expect(acceptSelector(selector)).toBe(selector);
});

test.each<[RuleTarget, message: string, hint: string]>([
  [
    egress6('[::ffff:10.0.0.0]/104:80'),
    '::ffff:a00:0/104:80 are addresses of IPv4',
    'Make it a rule about ipv4-egress: 10.0.0.0/8:80.',
  ],
  [
    { kind: 'secctx', context: 'x'.repeat(256) },
    'A security context of 256 bytes is too long',
    'The longest has 255.',
  ],
  [
    { kind: 'cgroup', path: '/etc' },
    '/etc is not the folder of a cgroup',
    'Give one under /sys/fs/cgroup, or a cgroup namespace: /proc/PID/ns/cgroup.',
  ],
])('%o is refused', (selector, message, hint) => {
  expect(() => acceptSelector(selector)).toThrow(
    expect.objectContaining({ code: 'CONFIG_BAD_VALUE', message, hint }),
  );
});
