import { workerData } from 'node:worker_threads';
import { CamflowError, isCamflowError } from '@camflow/api';
import { BatchWorker } from './batch-worker.ts';
import type { BatchResult, BatchTask, WorkerFailure, WorkerSetup } from './messages.ts';

let worker: Promise<BatchWorker> | undefined;

/**
 * The task of the pool, called in a worker thread. Formatters are loaded by the first call, whatever it is: a
 * worker that replaces a dead one gets no warm-up.
 * @param task - a batch, or null to warm up
 * @returns the result; null for the warm-up; or why formatters could not be loaded
 */
export async function runTask(task: BatchTask | null): Promise<BatchResult | WorkerFailure | null> {
  worker ??= BatchWorker.create(workerData as WorkerSetup);
  let ready: BatchWorker;
  try {
    ready = await worker;
  } catch (error) {
    return asFailure(error);
  }
  return task === null ? null : ready.process(task);
}

function asFailure(error: unknown): WorkerFailure {
  const { code, message, hint } = isCamflowError(error)
    ? error
    : new CamflowError('INTERNAL', `a worker thread cannot start: ${String(error)}`);
  return { failure: { code, message, ...(hint === undefined ? {} : { hint }) } };
}
