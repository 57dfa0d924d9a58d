import {
  abis,
  type LazyRecordView,
  type NameLookup,
  type Origin,
  type RecordBatch,
  type RecordTable,
  type RecordView,
  type SecurityContextLookup,
  type StreamId,
} from '@camflow/api';
import type { BatchTask } from './messages.ts';

/** What is the same for every batch of a worker. */
export interface BatchSurroundings {
  readonly bytes: Uint8Array;
  readonly names: NameLookup;
  readonly securityContexts: SecurityContextLookup;
  readonly view: LazyRecordView;
}

/** The records of a task, or some of them, as a formatter sees them. */
export class TaskBatch implements RecordBatch {
  readonly abi: string;
  readonly stream: StreamId;
  readonly origin: Origin;
  readonly position: number;
  readonly start: number;
  readonly firstSequence: number;
  readonly capturedAtMs: number;
  readonly newSecurityContexts: readonly (readonly [secid: number, text: string])[];
  readonly bytes: Uint8Array;
  readonly names: NameLookup;
  readonly securityContexts: SecurityContextLookup;
  readonly count: number;
  readonly offsets: Uint32Array;
  readonly sizes: Uint32Array;
  readonly types: Uint8Array;
  readonly #view: LazyRecordView;

  /** @param from - the first record of the table to show, up to but not including `to` */
  constructor(
    task: BatchTask,
    surroundings: BatchSurroundings,
    table: RecordTable,
    from: number,
    to: number,
  ) {
    this.abi = task.abi;
    this.stream = task.stream;
    this.origin = task.origin;
    this.position = task.position;
    this.start = task.slabStart;
    this.firstSequence = task.firstSequence;
    this.capturedAtMs = task.capturedAtMs;
    this.newSecurityContexts = task.newSecurityContexts;
    this.bytes = surroundings.bytes;
    this.names = surroundings.names;
    this.securityContexts = surroundings.securityContexts;
    this.#view = surroundings.view;
    this.count = to - from;
    this.offsets = table.offsets.subarray(from, to);
    this.sizes = table.sizes.subarray(from, to);
    this.types = table.types.subarray(from, to);
  }

  *records(): Generator<RecordView> {
    const { shapes } = abis.get(this.abi)!;
    for (let i = 0; i < this.count; i++) {
      const type = this.types[i]!;
      if (type === 0) continue;
      this.#view.moveTo(type, this.offsets[i]!, shapes);
      yield this.#view;
    }
  }
}
