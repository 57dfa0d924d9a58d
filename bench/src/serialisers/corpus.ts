import { type RecordBatch, recordTypes } from '@camflow/api';
import type { Dialect } from '@camflow/format-compiler';
import { ContextTable, createMemory, createRecordBatch } from '@camflow/testkit';
import { collectNames } from './baseline/collect-names.ts';
import type { CaptureBytes } from './capture-bytes.ts';
import { NameIndex } from './name-index.ts';

/** Records to format, and what formatting them needs. */
export interface Corpus {
  readonly memory: Uint8Array;
  readonly short: RecordBatch;
  readonly long: RecordBatch;
  /** The same names as the batches have, as text by identifier, for the baseline. */
  readonly namesAsText: Readonly<Record<Dialect, ReadonlyMap<string, string>>>;
}

/**
 * Lays records out in memory as a run does, each kind repeated until it fills about `bytes`, so that they come
 * from memory and not from a cache.
 */
export function createCorpus(capture: CaptureBytes, bytes: number): Corpus {
  const short = repeated(capture.short, bytes);
  const long = repeated(capture.long, bytes);
  const memory = createMemory(short.length + long.length);
  const names = new NameIndex(memory, capture.long.length / 4280);
  const shared = { memory, names, securityContexts: new ContextTable() };
  const longBatch = createRecordBatch({ ...shared, bytes: long, kind: 'long', start: 0 });
  const shortBatch = createRecordBatch({ ...shared, bytes: short, kind: 'short', start: long.length });
  for (let i = 0; i < longBatch.count; i++) {
    if (recordTypes[longBatch.types[i]! - 1]!.shape !== 'path') continue;
    const offset = longBatch.offsets[i]!;
    const name = memory.slice(offset + 144, offset + 4240);
    const nul = name.indexOf(0);
    names.add(offset, nul < 0 ? name : name.subarray(0, nul));
  }
  const namesAsText = {
    default: collectNames(longBatch, 'default'),
    camflow: collectNames(longBatch, 'camflow'),
  };
  return { memory, short: shortBatch, long: longBatch, namesAsText };
}

function repeated(records: Uint8Array, bytes: number): Uint8Array {
  const times = Math.max(1, Math.round(bytes / records.length));
  const all = new Uint8Array(records.length * times);
  for (let i = 0; i < times; i++) all.set(records, i * records.length);
  return all;
}
