import { threadId } from 'node:worker_threads';
import {
  type Abi,
  abis,
  createRecordTable,
  LazyRecordView,
  type MalformedReason,
  malformedReason,
  type RecordTable,
  recorderCpu,
  recordTypes,
  scanRecords,
} from '@camflow/api';
import { SharedNameLookup, SharedSecurityContextLookup } from '../names/lookups.ts';
import { FormatPass } from './format-pass.ts';
import { loadFormatter } from './load-formatter.ts';
import {
  type BatchResult,
  type BatchTask,
  type MalformedPlace,
  samplesPerResult,
  type WorkerSetup,
} from './messages.ts';
import { CompiledFilter } from './record-filter.ts';
import type { BatchSurroundings } from './task-batch.ts';

/** What one worker thread does with batches: scan, filter, format. */
export class BatchWorker {
  readonly #words: Int32Array;
  readonly #names: SharedNameLookup;
  readonly #contexts: SharedSecurityContextLookup;
  /** The policy's filter for each interface, none where everything is kept. */
  readonly #filters: ReadonlyMap<string, CompiledFilter>;
  readonly #passes: readonly FormatPass[];
  readonly #shedOrder: readonly number[];
  readonly #surroundings: BatchSurroundings;
  readonly #scanned: RecordTable = createRecordTable(0);
  /** What the policy keeps; with and without malformed records. */
  readonly #withMalformed: RecordTable = createRecordTable(0);
  readonly #wellFormed: RecordTable = createRecordTable(0);

  private constructor(
    setup: WorkerSetup,
    surroundings: BatchSurroundings,
    names: SharedNameLookup,
    contexts: SharedSecurityContextLookup,
    passes: readonly FormatPass[],
  ) {
    this.#words = new Int32Array(setup.memory);
    this.#filters = new Map(
      setup.filter === null
        ? []
        : [...abis.values()].map((abi) => [
            abi.id,
            new CompiledFilter(setup.filter!, setup.memory, abi.shapes),
          ]),
    );
    this.#shedOrder = setup.shedOrder;
    this.#surroundings = surroundings;
    this.#names = names;
    this.#contexts = contexts;
    this.#passes = passes;
  }

  /**
   * Loads every formatter of the run into this thread.
   * @throws CamflowError `PLUGIN_CREATE_FAILED`
   */
  static async create(setup: WorkerSetup): Promise<BatchWorker> {
    const bytes = new Uint8Array(setup.memory);
    const names = new SharedNameLookup(setup.names, bytes);
    const securityContexts = new SharedSecurityContextLookup(setup.contexts);
    const view = new LazyRecordView(bytes, names, securityContexts);
    const surroundings: BatchSurroundings = { bytes, names, securityContexts, view };
    const passes: FormatPass[] = [];
    for (const request of setup.formats) {
      const { formatter, keepsMalformed } = await loadFormatter(request, bytes);
      passes.push(new FormatPass(formatter, keepsMalformed, surroundings));
    }
    return new BatchWorker(setup, surroundings, names, securityContexts, passes);
  }

  /** Processes a batch, synchronously. */
  process(task: BatchTask): BatchResult {
    const before = performance.now();
    const { known, stream } = task;
    const scanned = this.#scanned;
    const abi = abis.get(task.abi)!;
    scanRecords(abi, stream.kind, this.#words, task.start, task.byteLength, scanned);
    const longStart = stream.kind === 'long' ? task.slabStart : undefined;
    this.#names.enter(known.nameGeneration, known.tick, longStart);
    this.#contexts.enter(known.contextGeneration, known.tick, known.contextChanges);

    const countsByType = new Uint32Array(recordTypes.length + 1);
    for (let i = 0; i < scanned.count; i++) countsByType[scanned.types[i]!]!++;
    const malformedCount = countsByType[0]!;
    const shed = task.shed > 0 && stream.cpu !== recorderCpu ? this.#shed(task.shed) : 0;
    // What the recorder itself has to say is not for a policy to leave out.
    const filter = stream.cpu === recorderCpu ? undefined : this.#filters.get(task.abi);
    const withMalformed = filter === undefined ? scanned : this.#select(this.#withMalformed, filter, true);
    const wellFormed = malformedCount === 0 ? withMalformed : this.#select(this.#wellFormed, filter, false);
    const filtered = scanned.count - withMalformed.count;
    const formats = this.#passes.map((pass, index) =>
      pass.keepsMalformed
        ? pass.run(task, index, withMalformed, { filtered, shed, malformed: 0 })
        : pass.run(task, index, wellFormed, { filtered, shed, malformed: malformedCount }),
    );
    return {
      countsByType,
      formats,
      ...this.#explainMalformed(task, abi, malformedCount),
      thread: threadId,
      busyMs: performance.now() - before,
    };
  }

  /** Takes records of the first types of the order out of what was scanned. @returns how many */
  #shed(level: number): number {
    const types = new Set(this.#shedOrder.slice(0, level));
    const table = this.#scanned;
    let kept = 0;
    for (let i = 0; i < table.count; i++) {
      const type = table.types[i]!;
      if (types.has(type)) continue;
      table.offsets[kept] = table.offsets[i]!;
      table.sizes[kept] = table.sizes[i]!;
      table.types[kept] = type;
      kept++;
    }
    const shed = table.count - kept;
    table.count = kept;
    return shed;
  }

  #select(into: RecordTable, filter: CompiledFilter | undefined, withMalformed: boolean): RecordTable {
    const { offsets, sizes, types, count } = this.#scanned;
    if (into.offsets.length < count) Object.assign(into, createRecordTable(offsets.length));
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const type = types[i]!;
      const offset = offsets[i]!;
      if (type === 0 ? !withMalformed : filter !== undefined && !filter.keeps(type, offset)) continue;
      into.offsets[kept] = offset;
      into.sizes[kept] = sizes[i]!;
      into.types[kept] = type;
      kept++;
    }
    into.count = kept;
    return into;
  }

  #explainMalformed(
    task: BatchTask,
    abi: Abi,
    count: number,
  ): Pick<BatchResult, 'malformed' | 'malformedPlaces'> {
    const malformed: Partial<Record<MalformedReason, number>> = {};
    const malformedPlaces: MalformedPlace[] = [];
    if (count === 0) return { malformed, malformedPlaces };
    const { offsets, sizes, types } = this.#scanned;
    for (let i = 0; i < this.#scanned.count; i++) {
      if (types[i] !== 0) continue;
      const offset = offsets[i]!;
      const reason = malformedReason(abi, this.#surroundings.bytes, offset, sizes[i]!);
      malformed[reason] = (malformed[reason] ?? 0) + 1;
      if (malformedPlaces.length === samplesPerResult) continue;
      malformedPlaces.push({ position: task.position + offset - task.slabStart, reason });
    }
    return { malformed, malformedPlaces };
  }
}
