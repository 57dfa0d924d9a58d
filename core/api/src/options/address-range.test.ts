import { isCamflowError } from '@camflow/api';
import { expect, test } from 'vitest';
import { formatAddressRange, parseAddressRange } from './address-range.ts';

test.each([
  [4, '127.0.0.1/32:4001', '127.0.0.1/32:4001'],
  [4, '192.168.1.0/12:22', '192.160.0.0/12:22'],
  [4, '0.0.0.0/0:0', '0.0.0.0/0:0'],
  [6, '::1/128:80', '::1/128:80'],
  [6, '[2001:DB8:0:0:1::]/48:65535', '2001:db8::/48:65535'],
  [6, '::ffff:10.1.2.3/96:1', '::ffff:0:0/96:1'],
  [6, '::/0:0', '::/0:0'],
] as const)('IPv%i %s is %s', (family, text, written) => {
  const range = parseAddressRange(family, text);
  expect(formatAddressRange(range)).toBe(written);
  expect(formatAddressRange(parseAddressRange(family, written))).toBe(written);
});

test.each([
  [4, ''],
  [4, 'bad'],
  [4, '1.2.3.4'],
  [4, '1.2.3.4/8'],
  [4, '1.2.3.4:80'],
  [4, '1.2.3.4/33:5'],
  [4, '1.2.3.256/8:5'],
  [4, '1.2.3/8:5'],
  [4, '1.2.3.4/8:65536'],
  [4, '1.2.3.4/8:-1'],
  [4, '1.2.3.4/:80'],
  [4, '1.2.3.4/8:http'],
  [4, ' 1.2.3.4/8:80'],
  [4, '1.2.3.4/8:80 '],
  [4, '01.2.3.4/8:80'],
  [4, '::1/128:80'],
  [6, '10.0.0.1/8:80'],
  [6, '::1'],
  [6, '::1/129:80'],
  [6, ':::1/128:80'],
  [6, 'fe80::1%eth0/64:80'],
  [6, '2001:db8::g/32:80'],
  [6, '[::1/128:80'],
] as const)('IPv%i %s is refused', (family, text) => {
  let error: unknown;
  try {
    parseAddressRange(family, text);
  } catch (caught) {
    error = caught;
  }
  expect(isCamflowError(error) && error.code).toBe('CONFIG_BAD_VALUE');
});
