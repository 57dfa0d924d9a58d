import {
  type Abi,
  abiCamflow09,
  createRecordTable,
  LazyRecordView,
  type NameLookup,
  type Origin,
  type RecordBatch,
  type RecordTable,
  type RecordView,
  type SecurityContextLookup,
  type StreamId,
  scanRecords,
} from '@camflow/api';
import { ContextTable } from './context-table.ts';
import { NameTable } from './name-table.ts';

/** Where records come from when nothing else is said. */
export const testOrigin: Origin = { abi: abiCamflow09.id, machineId: 1_164_181, bootId: 3, epoch: 1 };

/** The date of records when nothing else is said: 2023-11-14T22:13:20Z. */
export const testDateMs = 1_700_000_000_000;

/** Shared memory of the kind that a run gives its formatters. */
export function createMemory(byteLength: number): Uint8Array {
  return new Uint8Array(new SharedArrayBuffer(byteLength));
}

/** What a batch is made from. */
export interface RecordBatchInput {
  /** Raw records, one after another. A partial one at the end is left out. */
  readonly bytes: Uint8Array;
  readonly kind: StreamId['kind'];
  /** The interface of the records. Default camflow-0.9. */
  readonly abi?: Abi;
  /** The memory that the records are copied to; new memory where absent. */
  readonly memory?: Uint8Array;
  /** Where in the memory they are put, a multiple of 8. Default 0. */
  readonly start?: number;
  /** Default 0. */
  readonly cpu?: number;
  /** Default 0. */
  readonly position?: number;
  /** Default 0. */
  readonly firstSequence?: number;
  /** Default {@link testDateMs}. */
  readonly capturedAtMs?: number;
  /** Default {@link testOrigin}. */
  readonly origin?: Origin;
  /** Default: no names. */
  readonly names?: NameLookup;
  /** Default: no contexts. */
  readonly securityContexts?: SecurityContextLookup;
  /** What `malformed` of the format says. Default `drop`. */
  readonly malformed?: 'keep' | 'drop';
}

/** A batch as a formatter gets it, made without a recorder. */
export interface TestBatch extends RecordBatch {
  /** Records left out because they are of no known type. */
  readonly malformed: number;
}

/** Makes a batch from raw records: scanned, filtered, in shared memory. */
export function createRecordBatch(input: RecordBatchInput): TestBatch {
  const { bytes, kind, start = 0, abi = abiCamflow09 } = input;
  const memory = input.memory ?? createMemory(start + bytes.length);
  memory.set(bytes, start);
  const words = new Int32Array(memory.buffer, memory.byteOffset, Math.floor(memory.byteLength / 4));
  const table = createRecordTable(0);
  scanRecords(abi, kind, words, start, bytes.length, table);
  const malformed = input.malformed === 'keep' ? 0 : leaveOutMalformed(table);
  const names = input.names ?? new NameTable();
  const securityContexts = input.securityContexts ?? new ContextTable();
  const stream: StreamId = { cpu: input.cpu ?? 0, kind };
  return {
    abi: abi.id,
    stream,
    origin: input.origin ?? testOrigin,
    position: input.position ?? 0,
    start,
    firstSequence: input.firstSequence ?? 0,
    capturedAtMs: input.capturedAtMs ?? testDateMs,
    bytes: memory,
    count: table.count,
    offsets: table.offsets,
    sizes: table.sizes,
    types: table.types,
    names,
    securityContexts,
    newSecurityContexts: [],
    malformed,
    records: () => viewRecords(abi, memory, table, names, securityContexts),
  };
}

/** Moves the known records together; says how many others there were. */
function leaveOutMalformed(table: RecordTable): number {
  let kept = 0;
  for (let i = 0; i < table.count; i++) {
    if (table.types[i] === 0) continue;
    table.offsets[kept] = table.offsets[i]!;
    table.sizes[kept] = table.sizes[i]!;
    table.types[kept] = table.types[i]!;
    kept++;
  }
  const left = table.count - kept;
  table.count = kept;
  return left;
}

function* viewRecords(
  abi: Abi,
  memory: Uint8Array,
  table: RecordTable,
  names: NameLookup,
  contexts: SecurityContextLookup,
): Generator<RecordView> {
  const view = new LazyRecordView(memory, names, contexts);
  for (let i = 0; i < table.count; i++) {
    if (table.types[i] === 0) continue;
    view.moveTo(table.types[i]!, table.offsets[i]!, abi.shapes);
    yield view;
  }
}
