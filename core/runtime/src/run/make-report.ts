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
  const { origin, statistics, known, balances, live } = pipeline;
  return {
    ...statistics.snapshot(),
    origin,
    names: known.names,
    policyHash: live.program.hash,
    outputs: [...balances.values()].map((balance) => balance.snapshot()),
    workersReplaced: live.pool.replaced,
    elapsedMs,
  };
}
