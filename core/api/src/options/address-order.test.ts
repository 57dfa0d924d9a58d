import { expect, test } from 'vitest';
import { type AddressPlace, addressRangesOverlap, compareAddressRanges } from './address-order.ts';
import { formatAddressRange, parseAddressRange } from './address-range.ts';

const range = (text: string) => parseAddressRange(text.includes('::') ? 6 : 4, text);

/** Most specific first. */
const inOrder = [
  '10.1.0.1/32:80',
  '10.1.0.1/32:0',
  '10.1.0.0/16:80',
  '10.1.0.0/16:443',
  '10.2.0.0/16:80',
  '10.1.0.0/16:0',
  '10.0.0.0/8:80',
  '0.0.0.0/0:80',
  '0.0.0.0/0:0',
  '2001:db8::/32:443',
  '::/0:80',
  '::/0:0',
];

test('the most specific comes first, whatever the order before', () => {
  const orders = [
    inOrder,
    [...inOrder].reverse(),
    inOrder.map((_, at) => inOrder[(5 * at) % inOrder.length]!),
  ];
  for (const order of orders) {
    expect(order.map(range).sort(compareAddressRanges).map(formatAddressRange)).toEqual(inOrder);
  }
});

test('only equal ranges are equal, and bits behind the prefix do not count', () => {
  const equal = (one: AddressPlace, other: AddressPlace): boolean => compareAddressRanges(one, other) === 0;
  for (const one of inOrder) {
    for (const other of inOrder) expect(equal(range(one), range(other))).toBe(one === other);
  }
  expect(equal(range('10.1.2.3/8:1'), range('10.0.0.0/8:1'))).toBe(true);
});

test.each([
  ['10.0.0.0/8:0', '10.1.0.0/16:0', true],
  ['10.0.0.0/8:80', '10.1.0.0/16:0', true],
  ['10.0.0.0/8:80', '10.1.0.0/16:443', false],
  ['10.0.0.0/8:0', '11.0.0.0/8:0', false],
  ['0.0.0.0/0:0', '127.0.0.1/32:1', true],
  ['::/0:0', '127.0.0.1/32:1', true],
  ['2001:db8::/32:0', '0.0.0.0/0:0', false],
])('%s and %s overlap: %s', (one, other, wanted) => {
  expect(addressRangesOverlap(range(one), range(other))).toBe(wanted);
  expect(addressRangesOverlap(range(other), range(one))).toBe(wanted);
});
