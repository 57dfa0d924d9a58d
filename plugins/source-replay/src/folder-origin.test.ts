import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { nodeIdentifier } from '@camflow/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { originOf } from './folder-origin.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-origin-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function shortFile(...identifiers: readonly Uint8Array[]): Parameters<typeof originOf>[0] {
  const path = join(folder, 'short.cpu0.bin');
  const bytes = Buffer.alloc(256 * identifiers.length);
  for (const [index, identifier] of identifiers.entries()) bytes.set(identifier, 256 * index);
  writeFileSync(path, bytes);
  return [{ path, stream: { cpu: 0, kind: 'short' } }];
}

const task = nodeIdentifier({ type: 'task', id: 7, bootId: 3, machineId: 1234567 });

test('machine and boot are those of the first record that names them; packets and padding do not', async () => {
  const padding = new Uint8Array(32);
  const packet = nodeIdentifier({ type: 'packet', id: 1, bootId: 99, machineId: 99 });
  const other = nodeIdentifier({ type: 'file', id: 8, bootId: 5, machineId: 6 });
  const origin = await originOf(shortFile(padding, packet, task, other));
  expect(origin).toEqual({ abi: 'camflow-0.9', machineId: 1234567, bootId: 3, epoch: 0 });
});

test('files without a whole record name no machine', async () => {
  const paths = shortFile();
  writeFileSync(paths[0]!.path, task);
  expect(await originOf(paths)).toMatchObject({ machineId: 0, bootId: 0 });
});
