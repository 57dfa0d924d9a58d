import {
  type Abi,
  abis,
  createRecordTable,
  describeError,
  isCamflowError,
  type Logger,
  malformedReason,
  measureRecords,
  recordTypes,
  scanRecords,
} from '@camflow/api';
import type {
  BatchResult,
  BatchTask,
  FormatResult,
  MalformedPlace,
  UnitBuffers,
} from '../worker/messages.ts';
import type { WorkerPool } from './worker-pool.ts';

const emptyBuffers: UnitBuffers = {
  bytes: new SharedArrayBuffer(0),
  ends: new SharedArrayBuffer(0),
  records: new SharedArrayBuffer(0),
  names: new SharedArrayBuffer(0),
};

/**
 * Sees to it that every batch gets a result, even where a record kills the worker that formats it: such a batch
 * is run once more, then in halves, down to the record at fault, which is counted as `format_failed`.
 */
export class BatchRunner {
  #pool: WorkerPool;
  readonly #words: Int32Array;
  readonly #bytes: Uint8Array;
  #formats: number;
  readonly #log: Logger;

  /** @param formats - number of formats of the run */
  constructor(pool: WorkerPool, memory: SharedArrayBuffer, formats: number, log: Logger) {
    this.#pool = pool;
    this.#formats = formats;
    this.#words = new Int32Array(memory);
    this.#bytes = new Uint8Array(memory);
    this.#log = log;
  }

  /** Goes on with other workers, and the formats that those have. No batch may be at work. */
  use(pool: WorkerPool, formats: number): void {
    this.#pool = pool;
    this.#formats = formats;
  }

  /**
   * @returns the results of the batch's parts, in order; one part unless workers died
   * @throws CamflowError where no worker can work, or the pool was closed
   */
  async run(task: BatchTask, signal: AbortSignal): Promise<BatchResult[]> {
    const whole = await this.#attempt(task, signal);
    if (whole !== undefined) return [whole];
    const again = await this.#attempt({ ...task, spares: [] }, signal);
    if (again !== undefined) return [again];
    const results: BatchResult[] = [];
    await this.#bisect({ ...task, spares: [] }, signal, results);
    return results;
  }

  /** Undefined where the worker died. */
  async #attempt(task: BatchTask, signal: AbortSignal): Promise<BatchResult | undefined> {
    signal.throwIfAborted();
    try {
      return await this.#pool.run(task);
    } catch (error) {
      if (signal.aborted || !isCamflowError(error) || error.code !== 'WORKER_FAILED') throw error;
      const { cpu, kind } = task.stream;
      this.#log.error('a worker thread died and is replaced', {
        cpu,
        kind,
        position: positionOf(task),
        bytes: task.byteLength,
        error: describeError(error),
      });
      return undefined;
    }
  }

  async #bisect(task: BatchTask, signal: AbortSignal, results: BatchResult[]): Promise<void> {
    const abi = abis.get(task.abi)!;
    const end = task.start + task.byteLength;
    const { records } = measureRecords(abi, task.stream.kind, this.#bytes, task.start, end);
    if (records === 1) {
      results.push(this.#giveUp(task, abi));
      return;
    }
    const first = measureRecords(abi, task.stream.kind, this.#bytes, task.start, end, records >>> 1);
    const firstBytes = first.byteLength;
    const halves = [
      { ...task, byteLength: firstBytes },
      { ...task, start: task.start + firstBytes, byteLength: task.byteLength - firstBytes },
    ];
    for (const half of halves) {
      const result = await this.#attempt(half, signal);
      if (result === undefined) await this.#bisect(half, signal, results);
      else results.push(result);
    }
  }

  /** The result of a record that no worker survives. */
  #giveUp(task: BatchTask, abi: Abi): BatchResult {
    const table = createRecordTable(1);
    scanRecords(abi, task.stream.kind, this.#words, task.start, task.byteLength, table);
    const type = table.types[0]!;
    const countsByType = new Uint32Array(recordTypes.length + 1);
    countsByType[type] = 1;
    const position = positionOf(task);
    const places: MalformedPlace[] = [];
    if (type === 0) {
      places.push({
        position,
        reason: malformedReason(abi, this.#bytes, table.offsets[0]!, table.sizes[0]!),
      });
    }
    const lost: FormatResult = {
      buffers: emptyBuffers,
      byteLength: 0,
      unitCount: 0,
      records: 0,
      filtered: 0,
      dropped: { format_failed: 1 },
      failures: [{ position, message: 'a worker thread died of it' }],
    };
    return {
      countsByType,
      malformed: Object.fromEntries(places.map(({ reason }) => [reason, 1])),
      malformedPlaces: places,
      formats: new Array<FormatResult>(this.#formats).fill(lost),
      thread: 0,
      busyMs: 0,
    };
  }
}

function positionOf(task: BatchTask): number {
  return task.position + task.start - task.slabStart;
}
