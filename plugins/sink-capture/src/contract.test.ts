import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { encodeRecordFrame, readRecords } from '@camflow/segment';
import { createRandom, type SinkSubject, sinkSuite } from '@camflow/testkit';
import { describe, test } from 'vitest';
import definition from './index.ts';

const frameOfRecords = { records: 1, span: 1, capturedAtMs: 1, securityContexts: [] };

/** A frame of random records, which do not compress. */
function unit(index: number, byteLength: number): Uint8Array {
  const payload = new Uint8Array(Math.max(256, byteLength));
  createRandom(index).fill(payload);
  const place = { firstSequence: index, position: index * 256 };
  const stream = { cpu: 0, kind: 'short' } as const;
  return encodeRecordFrame({ ...frameOfRecords, ...place, abi: 'camflow-0.9', stream, payload });
}

/** The frames of a capture file, as units: without the headers that the file has of its own. */
async function readFrames(path: string): Promise<Uint8Array> {
  const file = await open(path);
  const frames: Uint8Array[] = [];
  try {
    for await (const event of readRecords(file, path)) {
      if (event.kind === 'records') frames.push(encodeRecordFrame(event.frame));
    }
  } finally {
    await file.close();
  }
  return Buffer.concat(frames);
}

function createPlace(sync: string): SinkSubject {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-capture-contract-'));
  writeFileSync(join(folder, 'occupied'), '');
  const path = join(folder, 'captures', 'run.capture');
  return {
    options: { path, sync },
    unusable: { path: join(folder, 'occupied', 'run.capture') },
    readBack: () => readFrames(path),
    footprint: async () => readdirSync(folder, { recursive: true }).join(),
    dispose: async () => rmSync(folder, { recursive: true }),
  };
}

const format = { name: 'raw', mediaType: 'application/octet-stream', framing: 'frames' } as const;

describe.each(['none', 'batch', 'interval'])('the contract of outputs, sync=%s', (sync) => {
  sinkSuite({ test, definition, factory: () => createPlace(sync), cannot: ['stall'], format, unit });
});
