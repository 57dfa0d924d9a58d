import { parseAddressRange } from '@camflow/api';
import { expect, test } from 'vitest';
import type { AddressRuleKind, Rule } from '../rules.ts';
import { refusalsOfPrograms } from './refusals.ts';

const addresses = (kind: AddressRuleKind, count: number): Rule[] =>
  Array.from({ length: count }, (_, at) => ({
    selector: {
      kind,
      range: kind.startsWith('ipv4')
        ? parseAddressRange(4, `10.0.${at >> 8}.${at & 255}/32:80`)
        : parseAddressRange(6, `[fe80::${at.toString(16)}]/128:80`),
    },
    bits: 1,
  }));

test('as many addresses as a direction has room for, both families together', () => {
  const [four, six] = [addresses('ipv4-egress', 100), addresses('ipv6-egress', 28)];
  const ingress = addresses('ipv4-ingress', 128);
  expect(refusalsOfPrograms({ present: [...four, ...ingress], added: six })).toEqual([]);
  const more = addresses('ipv6-egress', 30);
  const [refusal, ...others] = refusalsOfPrograms({ present: four, added: [...more, ...ingress] });
  expect(others).toEqual([]);
  // The first that has no room.
  expect(refusal).toMatchObject({
    about: more[28]!.selector,
    error: { code: 'CONFIG_BAD_VALUE', message: '130 egress rules are more than 128' },
  });
});

test('what could not be added one by one', () => {
  const context: Rule = { selector: { kind: 'secctx', context: '\u00e9'.repeat(128) }, bits: 1 };
  const range = parseAddressRange(6, '[::ffff:10.0.0.1]/128:80');
  const mapped: Rule = { selector: { kind: 'ipv6-egress', range }, bits: 1 };
  expect(refusalsOfPrograms({ present: [], added: [context, mapped] })).toMatchObject([
    { about: context.selector, error: { message: 'A security context of 256 bytes is too long' } },
    { about: mapped.selector, error: { message: expect.stringContaining('are addresses of IPv4') } },
  ]);
  // What is there already is not looked at.
  expect(refusalsOfPrograms({ present: [context, mapped], added: [] })).toEqual([]);
});
