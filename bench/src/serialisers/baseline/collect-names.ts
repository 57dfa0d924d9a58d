import { identifierText, type RecordBatch, recordTypes } from '@camflow/api';
import type { Dialect } from '@camflow/format-compiler';
import { RecordReader } from './record-reader.ts';

/** Paths by identifier in base64, from the `path` records of a batch, as a dialect writes them. */
export function collectNames(batch: RecordBatch, dialect: Dialect): Map<string, string> {
  const names = new Map<string, string>();
  const reader = new RecordReader(batch.bytes, dialect === 'camflow');
  for (let i = 0; i < batch.count; i++) {
    if (recordTypes[batch.types[i]! - 1]!.shape !== 'path') continue;
    const o = batch.offsets[i]!;
    const id = identifierText(batch.bytes, o);
    const name = reader.text(o + 144, 4096);
    if (!names.has(id)) names.set(id, dialect === 'camflow' ? unescaped(name) : name);
  }
  return names;
}

/** CamFlow writes names without escaping them: readers undo what looks like an escape. */
function unescaped(name: string): string {
  try {
    return JSON.parse(`"${name}"`) as string;
  } catch {
    return name;
  }
}
