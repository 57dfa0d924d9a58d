import { type RecordType, recordTypes } from '@camflow/api';
import { describe, expect, test } from 'vitest';
import { isExpressible } from './dialect.ts';

describe('dialects', () => {
  test("CamFlow's has words for every type of CamFlow, and for none of the extension range", () => {
    const extensions = recordTypes.map((type) => (type.code & 0xffff_ffff_ffffn) >> 32n);
    for (const [i, type] of recordTypes.entries()) {
      expect(isExpressible(type, 'camflow'), type.name).toBe(extensions[i] === 0n);
    }
    const signal: RecordType = { ...recordTypes[0]!, code: (0x8010n << 48n) | (1n << 32n) };
    expect(isExpressible(signal, 'camflow')).toBe(false);
    expect(isExpressible(signal, 'default')).toBe(true);
  });
});
