import { closeSync, openSync, readdirSync, readSync } from 'node:fs';
import path from 'node:path';
import { createMemory, createRecordBatch } from '@camflow/testkit';
import { collectNames } from '../serialisers/baseline/collect-names.ts';
import { createSpadeBaseline } from '../serialisers/baseline/spade-baseline.ts';
import { createW3cBaseline } from '../serialisers/baseline/w3c-baseline.ts';
import { NullWriter } from '../serialisers/null-writer.ts';
import type { MeasuredTask } from './measured-process.ts';

const recordBytes = { short: 256, long: 4280 };
/** A multiple of both sizes, about 1 MiB. */
const chunkBytes = 8 * 136_960;

/**
 * The same work without the recorder, as one would write it: reads the files, makes an object of each record, and
 * throws away what `JSON.stringify` makes of it.
 * @returns records written
 */
export async function runBaseline(task: MeasuredTask): Promise<number> {
  const memory = createMemory(chunkBytes);
  const names = new Map<string, string>();
  const create = task.format === 'w3c' ? createW3cBaseline : createSpadeBaseline;
  const formatter = create('default', names, { section: task.format, memory });
  const out = new NullWriter();
  const chunk = new Uint8Array(chunkBytes);
  for (let i = 0; i < task.loop; i++) {
    for (const kind of ['long', 'short'] as const) {
      for (const file of readdirSync(task.folder).filter((name) => name.startsWith(kind))) {
        for (const bytes of chunksOf(path.join(task.folder, file), chunk)) {
          const whole = bytes.subarray(0, bytes.length - (bytes.length % recordBytes[kind]));
          const batch = createRecordBatch({ memory, bytes: whole, kind });
          if (kind === 'long') for (const [id, name] of collectNames(batch, 'default')) names.set(id, name);
          formatter.format(batch, out);
        }
      }
      // The sampler of memory gets its turn.
      await new Promise(setImmediate);
    }
  }
  return out.records;
}

function* chunksOf(file: string, chunk: Uint8Array): Generator<Uint8Array> {
  const fd = openSync(file, 'r');
  try {
    for (;;) {
      const length = readSync(fd, chunk);
      if (length === 0) return;
      yield chunk.subarray(0, length);
    }
  } finally {
    closeSync(fd);
  }
}
