import { decodeText } from '@camflow/api';
import { createRandom } from '@camflow/testkit';
import { describe, expect, test } from 'vitest';
import { createJsonTextWriter, maxEscapeBytes, textRules } from './json-text.ts';

const leads = [
  ...[
    0x00, 0x01, 0x09, 0x0a, 0x1f, 0x20, 0x22, 0x41, 0x5c, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbe, 0xbf,
    0xc1,
  ],
  ...[0xc2, 0xdf, 0xe0, 0xe2, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf4, 0xf5, 0xff],
];

describe.each(['escape', 'replace'] as const)(
  'text as the inside of a JSON string, invalid bytes: %s',
  (invalid) => {
    const input = new Uint8Array(64);
    const buffer = Buffer.alloc(64 * maxEscapeBytes + 16);
    const out = new DataView(buffer.buffer, buffer.byteOffset, buffer.byteLength);
    const replace = new TextDecoder('utf-8', { ignoreBOM: true });
    const decode = (bytes: Uint8Array): string =>
      invalid === 'escape' ? decodeText(bytes) : replace.decode(bytes);

    test.each([true, false])('is what JSON.stringify prints (ending at NUL: %s)', (stopAtNul) => {
      const write = createJsonTextWriter(textRules(invalid), input, out, stopAtNul);
      const random = createRandom(7);
      for (let round = 0; round < 30_000; round++) {
        for (let at = 0; at < input.length; at++) {
          input[at] = random.below(3) > 0 ? 0x61 + random.below(26) : leads[random.below(leads.length)]!;
        }
        const start = random.below(40);
        const limit = start + random.below(24);
        const nul = input.subarray(start, limit).indexOf(0);
        const text = decode(input.slice(start, stopAtNul && nul >= 0 ? start + nul : limit));
        const end = write(3, start, limit);
        expect(`"${buffer.toString('utf8', 3, end)}"`).toBe(JSON.stringify(text));
      }
    });
  },
);
