import { isPluginDefinition } from '@camflow/api';
import { expect, test } from 'vitest';
import sinkNull from './index.ts';

const context = {
  log: { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} },
  section: 'null',
  format: { name: 'lines', mediaType: 'text/plain', framing: 'lines' },
} as const;
const units = {
  bytes: new TextEncoder().encode('unit\n'),
  count: 1,
  ends: Uint32Array.of(5),
  records: Uint32Array.of(1),
};

test('takes units, without a receipt', async () => {
  expect(isPluginDefinition(sinkNull)).toBe(true);
  const sink = sinkNull.create(undefined, context);
  await sink.close();
  await sink.open({ origin: { abi: 'camflow-0.9', machineId: 0, bootId: 0, epoch: 0 } });
  expect(await sink.write(units, new AbortController().signal)).toBeUndefined();
  await expect(sink.write(units, AbortSignal.abort())).rejects.toMatchObject({ retryable: true });
  await sink.close();
  await sink.close();
});
