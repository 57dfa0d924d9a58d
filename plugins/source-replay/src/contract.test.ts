import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeHeader, encodeRecordFrame } from '@camflow/segment';
import { createRandom, type SourceSubject, sourceSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

const abi = 'camflow-0.9';

/** Random records of two CPUs, by stream. */
function createStreams(): { kind: 'short' | 'long'; cpu: number; bytes: Uint8Array }[] {
  const streams = [
    { kind: 'long', cpu: 0, bytes: new Uint8Array(20 * 4280) },
    { kind: 'long', cpu: 3, bytes: new Uint8Array(4280) },
    { kind: 'short', cpu: 0, bytes: new Uint8Array(300 * 256) },
    { kind: 'short', cpu: 3, bytes: new Uint8Array(256) },
  ] as const;
  for (const { bytes } of streams) createRandom(bytes.length).fill(bytes);
  return [...streams];
}

function createPlace(
  write: (folder: string, streams: ReturnType<typeof createStreams>) => string,
): SourceSubject {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-replay-contract-'));
  const streams = createStreams();
  return {
    options: { path: write(folder, streams) },
    expected: new Map(streams.map(({ kind, cpu, bytes }) => [`${kind} ${cpu}`, bytes])),
    unusable: { path: join(folder, 'none') },
    dispose: async () => rmSync(folder, { recursive: true }),
  };
}

describe('the contract of capture sources, on a folder', () => {
  const factory = (): SourceSubject =>
    createPlace((folder, streams) => {
      for (const { kind, cpu, bytes } of streams) writeFileSync(join(folder, `${kind}.cpu${cpu}.bin`), bytes);
      return folder;
    });
  // Reading plain files leaves no trace that could be observed.
  sourceSuite({ test, definition, factory, cannot: ['observe'] });
});

describe('the contract of capture sources, on a capture file', () => {
  const factory = (): SourceSubject =>
    createPlace((folder, streams) => {
      const path = join(folder, 'run.capture');
      const origin = { abi, machineId: 1, bootId: 2, epoch: 3 };
      const parts = [encodeHeader({ ...origin, createdAtMs: 1, continued: false })];
      for (const { kind, cpu, bytes } of streams) {
        const size = kind === 'long' ? 4280 : 256;
        for (let at = 0; at < bytes.length; at += 11 * size) {
          const payload = bytes.subarray(at, at + 11 * size);
          const records = payload.length / size;
          const place = { stream: { cpu, kind }, firstSequence: at / size, position: at };
          const rest = { capturedAtMs: 1, securityContexts: [] };
          parts.push(encodeRecordFrame({ abi, ...place, records, span: records, ...rest, payload }));
        }
      }
      writeFileSync(path, Buffer.concat(parts));
      return path;
    });
  sourceSuite({ test, definition, factory, cannot: ['observe'] });
});
