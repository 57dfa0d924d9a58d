import { RunStatistics } from '../pipeline/run-statistics.ts';
import type { AssembledPipeline } from './assemble-pipeline.ts';
import type { RunReport } from './run-report.ts';

/** The report of a run before its first read. */
export function emptyReport(elapsedMs: number): RunReport {
  return {
    ...new RunStatistics().snapshot(),
    origin: null,
    names: { known: 0, evicted: 0 },
    policyHash: '',
    outputs: [],
    workersReplaced: 0,
    elapsedMs,
  };
}

/** The report of a run as it stands. */
export function reportOn(pipeline: AssembledPipeline, elapsedMs: number): RunReport {
  const { origin, policyHash, statistics, known, outputs, pool } = pipeline;
  return {
    ...statistics.snapshot(),
    origin,
    names: known.names,
    policyHash,
    outputs: outputs.map((output) => output.balance.snapshot()),
    workersReplaced: pool.replaced,
    elapsedMs,
  };
}
