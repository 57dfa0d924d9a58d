import { apiVersion, CamflowError, definePlugin, type FormatDefinition, type RelayBatch } from '@camflow/api';
import { expect, test } from 'vitest';
import { nodeIdentifier } from '../records/identifier.ts';
import { joinRecords, nodeRecord, relationRecord } from '../records/record-writer.ts';
import { createCollectingSink } from './collecting-sink.ts';
import { formatRecords } from './format-records.ts';
import { createMemorySource } from './memory-source.ts';
import { NameTable } from './name-table.ts';
import { createMemory } from './record-batch.ts';
import { createTestLogger } from './test-logger.ts';

const lines: FormatDefinition = definePlugin({
  kind: 'format',
  name: 'lines',
  summary: 'One line per record.',
  apiVersion,
  mediaType: 'text/plain',
  framing: 'lines',
  create: () => ({
    format(batch, out) {
      for (const view of batch.records()) {
        out.writeText(`${view.type.name} ${view.name ?? '-'} ${view.securityContext ?? '-'}\n`);
        out.endUnit(1);
      }
    },
  }),
});

test('a format runs over raw records with names and contexts', async () => {
  const name = nodeIdentifier({ type: 'path', id: 9 });
  const names = new NameTable();
  names.learn(nodeRecord('path', { id: 9, boot_id: 1, machine_id: 1, name: '/etc/passwd' }));
  const bytes = joinRecords([
    nodeRecord('file', { id: 1, name_id: name, secid: 4 }),
    relationRecord('read', { id: 1 }),
    new Uint8Array(256),
  ]);
  const securityContexts = { generation: 1, text: (secid: number) => (secid === 4 ? 'ctx' : undefined) };
  const made = await formatRecords(lines, {}, bytes, 'short', { names, securityContexts });
  expect(made.text).toBe('file /etc/passwd ctx\nread - -\n');
  expect(made.units.map(({ records }) => records)).toEqual([1, 1]);
  expect(made.malformed).toBe(1);
});

test('a format that breaks the protocol of the writer is found out', async () => {
  const open: FormatDefinition = { ...lines, create: () => ({ format: (_, out) => out.writeText('x') }) };
  await expect(formatRecords(open, {}, nodeRecord('task'), 'short')).rejects.toThrow('a unit was left open');
});

test('a memory source hands out every byte in slabs, and then null', async () => {
  const bytes = joinRecords(Array.from({ length: 10 }, (_, id) => nodeRecord('task', { id })));
  const other = { stream: { cpu: 1, kind: 'long' }, bytes: nodeRecord('path') } as const;
  const source = createMemorySource({ streams: [other, { stream: { cpu: 0, kind: 'short' }, bytes }] });
  const signal = new AbortController().signal;
  await source.open(signal);
  const batches: RelayBatch[] = [];
  const got: Uint8Array[] = [];
  const slab = { index: 0, bytes: createMemory(5000) };
  for (let next = await source.read(slab, signal); next; next = await source.read(slab, signal)) {
    batches.push(next);
    got.push(slab.bytes.slice(0, next.byteLength));
  }
  expect(batches.map(({ id, stream, byteLength }) => [id, stream.kind, byteLength])).toEqual([
    [1, 'long', 4280],
    [2, 'short', 2560],
  ]);
  expect(Buffer.concat(got)).toEqual(Buffer.concat([other.bytes, bytes]));
});

test('a collecting sink keeps units, and fails when told to', async () => {
  const sink = createCollectingSink();
  const signal = new AbortController().signal;
  const batch = {
    bytes: Buffer.from('ab\nc\n'),
    count: 2,
    ends: Uint32Array.of(3, 5),
    records: Uint32Array.of(1, 4),
  };
  const failure = new CamflowError('SINK_UNAVAILABLE', 'gone', { retryable: true });
  sink.failNext(failure);
  await expect(sink.write(batch, signal)).rejects.toBe(failure);
  await sink.write(batch, signal);
  expect(sink.units.map((unit) => Buffer.from(unit).toString())).toEqual(['ab\n', 'c\n']);
  expect(sink.records).toBe(5);
});

test('a test logger keeps its lines', () => {
  const log = createTestLogger();
  log.warn('late', { ms: 4 });
  expect(log.lines).toEqual([{ level: 'warn', message: 'late', fields: { ms: 4 } }]);
});
