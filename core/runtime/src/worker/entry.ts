import { workerData } from 'node:worker_threads';
import { CamflowError, isCamflowError } from '@camflow/api';
import { move, transferableSymbol, valueSymbol } from 'piscina';
import { BatchWorker } from './batch-worker.ts';
import type { BatchResult, BatchTask, WorkerFailure, WorkerSetup } from './messages.ts';

let worker: Promise<BatchWorker> | undefined;

/**
 * The task of the pool, called in a worker thread. Formatters are loaded by the first call, whatever it is: a
 * worker that replaces a dead one gets no warm-up.
 * @param task - a batch, or null to warm up
 * @returns the result with its memory; null for the warm-up; or why formatters could not be loaded
 */
export async function runTask(task: BatchTask | null): Promise<BatchResult | WorkerFailure | null> {
  worker ??= BatchWorker.create(workerData as WorkerSetup);
  let ready: BatchWorker;
  try {
    ready = await worker;
  } catch (error) {
    return asFailure(error);
  }
  return task === null ? null : moved(ready.process(task));
}

function asFailure(error: unknown): WorkerFailure {
  const { code, message, hint } = isCamflowError(error)
    ? error
    : new CamflowError('INTERNAL', `a worker thread cannot start: ${String(error)}`);
  return { failure: { code, message, ...(hint === undefined ? {} : { hint }) } };
}

/** Marks the memory of a result to be handed over instead of copied. */
function moved(result: BatchResult): BatchResult {
  const buffers = result.formats.flatMap(({ buffers: { bytes, ends, records } }) => [bytes, ends, records]);
  return move({ [transferableSymbol]: buffers, [valueSymbol]: result } as never) as unknown as BatchResult;
}
