import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readRecords } from '@camflow/segment';
import { formatSuite } from '@camflow/testkit';
import { afterAll, describe, test } from 'vitest';
import definition from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-raw-contract-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** The records in frames, each with its number and place. */
async function recordsIn(frames: readonly Uint8Array[]): Promise<string[]> {
  const path = join(folder, 'frames');
  writeFileSync(path, Buffer.concat(frames));
  const file = await open(path);
  const records: string[] = [];
  try {
    for await (const event of readRecords(file, path)) {
      if (event.kind !== 'records') continue;
      const { firstSequence, position, payload, records: count } = event.frame;
      const size = payload.length / count;
      for (let i = 0; i < count; i++) {
        const bytes = Buffer.from(payload.subarray(i * size, (i + 1) * size)).toString('base64');
        records.push(`${firstSequence + i} ${position + i * size} ${bytes}`);
      }
    }
  } finally {
    await file.close();
  }
  return records;
}

describe('the contract of formats', () => {
  formatSuite({ test, definition, entriesOf: recordsIn });
});
