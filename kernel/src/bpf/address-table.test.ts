import { formatAddressRange, networkOf, parseAddressRange } from '@camflow/api';
import { expect, test } from 'vitest';
import { type AddressRule, addressTable, readAddressTable } from './address-table.ts';
import { addressRules, nodeFlags } from './layout.ts';

function rule(text: string, flags: number): AddressRule {
  const range = parseAddressRange(text.includes('::') ? 6 : 4, text);
  return { address: networkOf(range), prefix: range.prefix, port: range.port, flags };
}

const textOf = (each: AddressRule): string =>
  formatAddressRange({ ...each, family: each.address.length === 4 ? 4 : 6 });

test('rules that overlap give one table in whatever order they are made', () => {
  const [wide, narrow] = [
    rule('10.0.0.0/8:0', nodeFlags.tracked),
    rule('10.1.0.0/16:0', nodeFlags.tracked | nodeFlags.propagate),
  ];
  const everything = rule('::/0:0', nodeFlags.tracked);
  const table = addressTable('egress', [everything, wide, narrow]);
  expect(addressTable('egress', [narrow, wide, everything])).toEqual(table);
  expect(readAddressTable(table)).toEqual([narrow, wide, everything]);
});

test('as many as there is room for, and no more', () => {
  const rules = Array.from({ length: addressRules.most + 1 }, (_, at) => rule(`10.0.${at}.0/24:80`, 1));
  const most = rules.slice(0, addressRules.most);
  expect(readAddressTable(addressTable('ingress', most)).map(textOf)).toEqual(most.map(textOf));
  expect(() => addressTable('ingress', rules)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_BAD_VALUE',
      message: '129 ingress rules are more than 128',
      hint: expect.stringContaining('Join'),
    }),
  );
});
