import { createStory, randomRecords } from '@camflow/testkit';

/** Records to start from, of one kind, one after another. */
export interface Corpus {
  readonly kind: 'short' | 'long';
  readonly recordBytes: number;
  readonly records: Uint8Array;
  readonly count: number;
}

/** A story, random bytes of every type, and what else is given: both kinds of records. */
export function createCorpora(more: readonly { kind: 'short' | 'long'; bytes: Uint8Array }[] = []): Corpus[] {
  const parts = { short: [] as Uint8Array[], long: [] as Uint8Array[], mixed: [] as Uint8Array[] };
  for (const { stream, bytes } of createStory({ records: 12_000 }).chunks()) {
    parts[stream.kind].push(Uint8Array.from(bytes));
  }
  for (const { kind, bytes } of more) parts[kind].push(bytes);
  for (const kind of ['short', 'long'] as const) parts[kind].push(randomRecords(kind, 1, 8));
  return (['short', 'long'] as const).map((kind) => {
    const records = Buffer.concat(parts[kind]);
    const recordBytes = kind === 'long' ? 4280 : 256;
    return { kind, recordBytes, records, count: Math.floor(records.length / recordBytes) };
  });
}
