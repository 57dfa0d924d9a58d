import type { FormatDefinition, Formatter, RawOptions } from '@camflow/api';
import { acceptedOptions } from '../fakes/accepted-options.ts';
import { ContextTable } from '../fakes/context-table.ts';
import { NameTable } from '../fakes/name-table.ts';
import { createMemory, createRecordBatch, type RecordBatchInput } from '../fakes/record-batch.ts';
import { UnitCollector } from '../fakes/unit-collector.ts';
import { randomRecords } from '../records/random-records.ts';
import { createStory } from '../story/story.ts';
import { inStillWorld, type StillWorld, still } from './still-world.ts';

/** A format on trial. */
export interface FormatSuiteOptions<Options = never> {
  readonly definition: FormatDefinition<Options>;
  /** Options to try it with, as a configuration file holds them. Default: none. */
  readonly options?: RawOptions;
  /**
   * What is in these units, record by record, whatever units they came in. Default: for lines the lines, for JSON
   * documents what stands at their second level. A format of frames must say it, or the rule about split
   * batches is left out.
   */
  readonly entriesOf?: (units: readonly Uint8Array[]) => readonly string[] | Promise<readonly string[]>;
}

/** Raw records of one kind. */
export interface TrialRecords {
  readonly kind: 'short' | 'long';
  readonly bytes: Uint8Array;
}

/** What a formatter made of one batch. */
export interface Outcome {
  readonly out: UnitCollector;
  /** Records that it was given. */
  readonly count: number;
}

const storyLength = 2500;

/** Runs a format over records in a world that stands still. */
export class FormatTrial {
  readonly definition: FormatDefinition<unknown>;
  readonly #options: RawOptions;
  readonly entriesOf: FormatSuiteOptions['entriesOf'];
  readonly short: TrialRecords;
  readonly long: TrialRecords;
  readonly names: NameTable = new NameTable();
  readonly contexts: ContextTable;

  constructor(options: FormatSuiteOptions<unknown>) {
    this.definition = options.definition;
    this.#options = options.options ?? {};
    this.entriesOf = options.entriesOf;
    const story = createStory({ records: storyLength });
    const parts = { short: [] as Uint8Array[], long: [] as Uint8Array[], mixed: [] as Uint8Array[] };
    for (const { stream, bytes } of story.chunks()) parts[stream.kind].push(Uint8Array.from(bytes));
    this.short = { kind: 'short', bytes: Buffer.concat(parts.short) };
    this.long = { kind: 'long', bytes: Buffer.concat(parts.long) };
    this.names.learn(this.long.bytes);
    this.contexts = new ContextTable(story.securityContexts);
  }

  /** Whether units are text. */
  get isText(): boolean {
    return this.definition.framing !== 'frames';
  }

  /** Whether units are JSON. */
  get isJson(): boolean {
    return /json/.test(this.definition.mediaType) && this.isText;
  }

  /** Everything to try: the story, and random bytes of every type. */
  samples(): TrialRecords[] {
    const random = (kind: 'short' | 'long'): TrialRecords => ({ kind, bytes: randomRecords(kind, 5, 3) });
    return [this.short, this.long, random('short'), random('long')];
  }

  /** Memory with room for any sample. */
  memory(): Uint8Array {
    return createMemory(2 * Math.max(this.short.bytes.length, this.long.bytes.length) + 65_536);
  }

  /** Makes a formatter over a memory. */
  async formatter(memory: Uint8Array, world: StillWorld = still): Promise<Formatter> {
    const accepted = await acceptedOptions(this.definition, this.#options);
    return inStillWorld(world, () =>
      this.definition.create(accepted, { section: this.definition.name, memory }),
    );
  }

  /** Runs a formatter over records. */
  run(
    formatter: Formatter,
    memory: Uint8Array,
    records: TrialRecords,
    more: Partial<RecordBatchInput> = {},
    world: StillWorld = still,
  ): Outcome {
    const malformed = this.definition.malformed ?? 'drop';
    const tables = { names: this.names, securityContexts: this.contexts };
    const batch = createRecordBatch({ ...tables, ...records, memory, malformed, ...more });
    const out = new UnitCollector();
    inStillWorld(world, () => formatter.format(batch, out));
    return { out, count: batch.count };
  }

  /** Runs a new formatter over records. */
  async runFresh(
    records: TrialRecords,
    more: Partial<RecordBatchInput> = {},
    world: StillWorld = still,
  ): Promise<Outcome> {
    const memory = this.memory();
    return this.run(await this.formatter(memory, world), memory, records, more, world);
  }
}

/** A slice of records. */
export function slice(records: TrialRecords, from: number, to?: number): TrialRecords {
  const size = records.kind === 'long' ? 4280 : 256;
  return {
    kind: records.kind,
    bytes: records.bytes.subarray(from * size, to === undefined ? undefined : to * size),
  };
}
