import { describe, expect, test } from 'vitest';
import { unixSocketOptions } from './options.ts';

describe('options', () => {
  const validate = unixSocketOptions.schema['~standard'].validate;

  test('have the documented defaults', () => {
    const { keys } = unixSocketOptions;
    const documented = Object.fromEntries(
      Object.entries(keys).flatMap(([key, doc]) => (doc.default === undefined ? [] : [[key, doc.default]])),
    );
    expect(validate(documented)).toEqual(validate({}));
    expect(validate({})).toMatchObject({
      value: { address: '/run/camflow/camflowd.sock', type: 'dgram', maxDatagramBytes: 8192 },
    });
  });

  test.each([
    { address: 'camflowd.sock' },
    { address: `/${'x'.repeat(107)}` },
    { type: 'seqpacket' },
    { max_datagram: '0' },
    { max_datagram: '8k' },
    { send_buffer: '1' },
  ])('refuse %o', (raw) => {
    expect(validate(raw)).toHaveProperty('issues');
  });
});
