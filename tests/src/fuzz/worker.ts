// The fuzzer in a thread of its own: a hang there can still be seen, and told, from the main thread.
import { parentPort, workerData } from 'node:worker_threads';
import { isFailure } from './progress.ts';
import { type FuzzPlan, runFuzzer } from './run.ts';

/** What the thread is started with. */
export interface FuzzWorkerData {
  readonly plan: FuzzPlan;
  /** Steps taken, and the index of the one in hand. */
  readonly steps: SharedArrayBuffer;
}

/** What it tells. */
export type FuzzMessage =
  | { readonly line: string }
  | { readonly failure: string; readonly seed?: number; readonly input?: Uint8Array };

const { plan, steps } = workerData as FuzzWorkerData;
const counters = new Int32Array(steps);
const tell = (message: FuzzMessage): void => parentPort?.postMessage(message);
const progress = {
  step: (index: number): void => {
    Atomics.add(counters, 0, 1);
    Atomics.store(counters, 1, index);
  },
  timeIsUp: (): boolean => false,
};

try {
  await runFuzzer(plan, progress, (line) => tell({ line }));
} catch (error) {
  if (isFailure(error))
    tell({ failure: error.message, seed: error.seed, input: Uint8Array.from(error.input) });
  else tell({ failure: error instanceof Error ? (error.stack ?? error.message) : String(error) });
}
