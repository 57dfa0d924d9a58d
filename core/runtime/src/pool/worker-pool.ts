import { CamflowError, type ErrorCode, type Logger } from '@camflow/api';
import { Piscina } from 'piscina';
import type { BatchResult, BatchTask, WorkerFailure, WorkerSetup } from '../worker/messages.ts';

/** Threads run built JavaScript: this resolves to the same file from `src` and from `dist`. */
const entryUrl = new URL('../../dist/worker/entry.js', import.meta.url).href;

/** A formatter that leaks ends its own thread at this size, not the recorder. */
const heapLimitMb = 256;

/** What piscina says where it has as many tasks as it may. */
const refusal = 'Task queue is at limit';

/** The worker threads of a run. */
export class WorkerPool {
  readonly #pool: Piscina<BatchTask | null, BatchResult | WorkerFailure | null>;
  readonly #workers: number;
  #replaced = 0;
  #closed = false;

  /** @param maxTasks - tasks that may be given at once: more are refused, which no batch survives */
  constructor(workers: number, maxTasks: number, setup: WorkerSetup, log: Logger) {
    this.#workers = workers;
    this.#pool = new Piscina({
      filename: entryUrl,
      name: 'runTask',
      workerData: setup,
      minThreads: workers,
      maxThreads: workers,
      idleTimeout: Number.POSITIVE_INFINITY,
      maxQueue: Math.max(maxTasks, workers),
      // With 'sync' a worker blocks its event loop between tasks: a formatter's own timers and streams would
      // stand still. Waking a worker by message costs microseconds for a batch of thousands of records.
      atomics: 'disabled',
      // Flags of the host process (a debugger's, a test runner's) are not meant for workers.
      execArgv: [],
      resourceLimits: { maxOldGenerationSizeMb: heapLimitMb },
      recordTiming: false,
    });
    this.#pool.on('workerDestroy', () => {
      if (!this.#closed) this.#replaced++;
    });
    // A worker that dies between two tasks; one that dies at work rejects its task.
    this.#pool.on('error', (error: Error) => {
      log.error('a worker thread failed while idle and is replaced', { error: error.message });
    });
  }

  /** Workers that died and were replaced. */
  get replaced(): number {
    return this.#replaced;
  }

  /**
   * Loads every formatter in every worker.
   * @throws CamflowError `PLUGIN_CREATE_FAILED`, or `WORKER_FAILED` where a worker died of it
   */
  async warmUp(): Promise<void> {
    // Given at once, one goes to each thread: a thread takes one task at a time.
    const tasks = Array.from({ length: this.#workers }, () => this.#pool.run(null));
    const outcomes = await Promise.allSettled(tasks);
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') {
        throw new CamflowError('WORKER_FAILED', 'a worker thread ended while it loaded the formats', {
          cause: outcome.reason,
        });
      }
      throwFailure(outcome.value);
    }
  }

  /**
   * Has a batch formatted by the next free worker.
   * @throws CamflowError `WORKER_FAILED` where the worker died, another code where it cannot work at all
   */
  async run(task: BatchTask): Promise<BatchResult> {
    let result: BatchResult | WorkerFailure | null;
    try {
      result = await this.#pool.run(task);
    } catch (cause) {
      // No worker had it: that is not the fault of a record in it.
      if (cause instanceof Error && cause.message === refusal) {
        throw new CamflowError('INTERNAL', 'more batches were given to the workers than they may have', {
          cause,
        });
      }
      throw new CamflowError('WORKER_FAILED', 'a worker thread ended while it formatted a batch', { cause });
    }
    throwFailure(result);
    return result as BatchResult;
  }

  /** Ends all threads at once. Tasks at work reject. Legal twice. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool.destroy();
  }
}

function throwFailure(result: BatchResult | WorkerFailure | null): void {
  if (result === null || !('failure' in result)) return;
  const { code, message, hint } = result.failure;
  throw new CamflowError(code as ErrorCode, message, hint === undefined ? {} : { hint });
}
