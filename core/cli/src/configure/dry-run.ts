import { abis, createRecordTable, type RelayBatch, recordTypes, type Slab, scanRecords } from '@camflow/api';
import type { ControlSettings } from '@camflow/config';
import { recordRules } from '@camflow/policy-camflow';
import { CompiledFilter } from '@camflow/runtime';
import sourceReplay from '@camflow/source-replay';

/** How many records of a type there are, and how many of them the policy keeps. */
export interface KeptRecords {
  readonly type: string;
  readonly records: number;
  readonly kept: number;
}

const slabBytes = 1 << 20;
const silent = { debug() {}, info() {}, warn() {}, error() {} };

/**
 * Puts a capture through the filters of a policy. What would be tracked cannot be told from records: everything that
 * was captured counts as tracked.
 * @throws CamflowError where the capture cannot be read
 */
export async function dryRun(settings: ControlSettings, path: string): Promise<KeptRecords[]> {
  const options = await sourceReplay.options!.schema['~standard'].validate({ path });
  const source = sourceReplay.create((options as { value: never }).value, { log: silent, section: 'replay' });
  const memory = new SharedArrayBuffer(slabBytes);
  const slab: Slab = { index: 0, bytes: new Uint8Array(memory) };
  const counts = new Counts(settings, memory);
  try {
    await source.open(new AbortController().signal);
    const signal = new AbortController().signal;
    for (
      let batch = await source.read(slab, signal);
      batch !== null;
      batch = await source.read(slab, signal)
    ) {
      counts.add(batch);
      source.commit(batch.id);
    }
  } finally {
    await source.close();
  }
  return counts.result();
}

/** Records by type. */
class Counts {
  readonly #settings: ControlSettings;
  readonly #memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #table = createRecordTable(0);
  readonly #records: number[] = new Array(recordTypes.length + 1).fill(0);
  readonly #kept: number[] = new Array(recordTypes.length + 1).fill(0);
  readonly #filters = new Map<string, CompiledFilter>();

  constructor(settings: ControlSettings, memory: SharedArrayBuffer) {
    this.#settings = settings;
    this.#memory = memory;
    this.#words = new Int32Array(memory);
  }

  add({ abi: id, stream, byteLength }: RelayBatch): void {
    const abi = abis.get(id)!;
    let filter = this.#filters.get(id);
    if (filter === undefined) {
      filter = new CompiledFilter({ rules: recordRules(this.#settings) }, this.#memory, abi.shapes);
      this.#filters.set(id, filter);
    }
    const table = this.#table;
    scanRecords(abi, stream.kind, this.#words, 0, byteLength, table);
    for (let i = 0; i < table.count; i++) {
      const type = table.types[i]!;
      this.#records[type]!++;
      if (type > 0 && filter.keeps(type, table.offsets[i]!)) this.#kept[type]!++;
    }
  }

  result(): KeptRecords[] {
    return recordTypes
      .filter(({ index }) => this.#records[index]! > 0)
      .map(({ index, name, category }) => ({
        type: `${category} ${name}`,
        records: this.#records[index]!,
        kept: this.#kept[index]!,
      }));
  }
}

/** A table for people. */
export function dryRunText(kept: readonly KeptRecords[]): string {
  const total = kept.reduce(
    (sum, each) => ({ type: 'all', records: sum.records + each.records, kept: sum.kept + each.kept }),
    { type: 'all', records: 0, kept: 0 },
  );
  const width = Math.max(4, ...kept.map(({ type }) => type.length));
  const line = (type: string, records: string, keeps: string): string =>
    `${type.padEnd(width)} ${records.padStart(12)} ${keeps.padStart(12)}`;
  const number = (value: number): string => value.toLocaleString('en-US');
  return [
    line('type', 'captured', 'kept'),
    ...[...kept, total].map((each) => line(each.type, number(each.records), number(each.kept))),
    'What is tracked is decided while capturing: here everything that was captured counts as tracked.',
  ].join('\n');
}
