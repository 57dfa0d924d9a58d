import { describeError, type Logger, type PolicyProgram } from '@camflow/api';
import { AccountedStore } from '../delivery/accounted-store.ts';
import type { Output } from '../delivery/output.ts';
import { MemoryStore, type OutputStore, SpooledStore } from '../delivery/output-store.ts';
import type { GapReporter } from '../gaps/gap-reporter.ts';
import type { FormatRoute } from '../pipeline/distributor.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';
import { distinctFormats } from './plugin-instances.ts';
import type { RunLimits } from './run-limits.ts';
import type { OutputPlan, RunPlan } from './run-plan.ts';
import { createSectionLogger } from './section-logger.ts';

/** The parts of a run that a reload exchanges while it goes on. */
export interface LiveParts {
  /** What the run has by now. */
  plan: RunPlan;
  /** In the order of the plan. */
  outputs: readonly Output[];
  pool: WorkerPool;
  program: PolicyProgram;
  /** Records that were read, and counted for every output, and went to no worker yet. */
  unsent: number;
}

/**
 * Opens what waits for an output.
 * @param rereadable - whether the source gives again what it was not told to forget
 * @throws CamflowError `SPOOL_UNAVAILABLE`
 */
export async function openStore(
  { name, spool }: OutputPlan,
  { outputQueueBytes }: RunLimits,
  rereadable: boolean,
  log: Logger,
): Promise<OutputStore> {
  if (spool === undefined) return new MemoryStore(outputQueueBytes);
  const ownLog = createSectionLogger(log, name);
  if (spool.mode !== 'off') return await SpooledStore.open(spool, outputQueueBytes, rereadable, ownLog);
  try {
    return await AccountedStore.open(spool, outputQueueBytes, rereadable, ownLog);
  } catch (error) {
    // Who wants no spool is not to be stopped by what it is not for.
    ownLog.warn('no accounts are kept over this run', { error: describeError(error) });
    return new MemoryStore(outputQueueBytes);
  }
}

/** Which outputs get which format. @param outputs - in the order of the plan */
export function routesOf(plan: RunPlan, outputs: readonly Output[]): FormatRoute[] {
  return distinctFormats(plan.outputs).map(({ request, outputs: wanted }) => ({
    format: request.requested,
    outputs: wanted.map((output) => outputs[plan.outputs.indexOf(output)]!),
  }));
}

/** Losses while a spool waits, those that an earlier run could not tell, and that it was killed. */
export function tellOfEarlierLosses(output: Output, gaps: GapReporter): void {
  output.onLoss = (loss) => gaps.lostBy([output], loss);
  const { uncleanStop } = output.store;
  if (uncleanStop !== undefined) output.balance.loseUnknown(uncleanStop.cause);
  gaps.adopt(output);
}
