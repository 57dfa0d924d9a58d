import { ipv6Text } from '@camflow/api';
import { createRandom } from '@camflow/testkit';
import { expect, test } from 'vitest';
import { createDecimalWriter, decimalTables } from './decimal.ts';
import { hexPairs } from './hexadecimal.ts';
import { createSmallValueWriter } from './small-values.ts';

test('an IPv6 endpoint has the address as the resolver prints it', () => {
  const input = new Uint8Array(18);
  const out = Buffer.alloc(64);
  const view = new DataView(out.buffer, out.byteOffset, out.byteLength);
  const small = createSmallValueWriter(hexPairs, input, view, createDecimalWriter(decimalTables, view));
  const random = createRandom(4);
  for (let round = 0; round < 5000; round++) {
    for (let at = 0; at < 18; at++) input[at] = random.below(3) === 0 ? random.below(256) : 0;
    const text = ipv6Text(input.subarray(0, 16));
    // Addresses that stand for one of IPv4 are no ends of IPv6 packets.
    if (text.includes('.')) continue;
    const end = small.endpoint6(1, 0, 16);
    expect(out.toString('latin1', 1, end)).toBe(`[${text}]:${(input[16]! << 8) | input[17]!}`);
  }
});
