import type { LossCause, StreamId } from '@camflow/api';
import type { OutputHealth } from '../delivery/output.ts';
import type { SpoolFigures } from '../delivery/output-store.ts';
import type { AssembledPipeline } from './assemble-pipeline.ts';
import type { OutputBalance } from './run-report.ts';

/** What came of one stream. */
export interface StreamFigures {
  readonly stream: StreamId;
  readonly records: number;
  readonly bytes: number;
}

/** What one worker thread did. */
export interface WorkerFigures {
  /** Number of the thread; one that is replaced has another. */
  readonly thread: number;
  readonly batches: number;
  readonly records: number;
  readonly busyMs: number;
}

/** How one output is doing. */
export interface OutputFigures {
  readonly balance: OutputBalance;
  readonly health: OutputHealth;
  /** Absent where the output has no spool. */
  readonly spool: SpoolFigures | undefined;
}

/** Figures for whoever watches a run. */
export interface RunFigures {
  /** `starting` until the first read, `draining` from a stop on. */
  readonly state: 'starting' | 'running' | 'draining' | 'ended' | 'failed';
  readonly recordsRead: number;
  readonly bytesRead: number;
  readonly batches: number;
  readonly sourceLoss: Readonly<Partial<Record<LossCause, number>>>;
  readonly streams: readonly StreamFigures[];
  readonly workers: readonly WorkerFigures[];
  readonly workersReplaced: number;
  /** Slabs that are free: at 0 nothing is read, and the kernel's ring fills. */
  readonly slabsFree: number;
  readonly slabs: number;
  readonly namesKnown: number;
  readonly namesEvicted: number;
  readonly gapsTold: number;
  readonly outputs: readonly OutputFigures[];
}

/** The figures of a run before its first read. */
export function emptyFigures(state: RunFigures['state']): RunFigures {
  return {
    state,
    recordsRead: 0,
    bytesRead: 0,
    batches: 0,
    sourceLoss: {},
    streams: [],
    workers: [],
    workersReplaced: 0,
    slabsFree: 0,
    slabs: 0,
    namesKnown: 0,
    namesEvicted: 0,
    gapsTold: 0,
    outputs: [],
  };
}

/** The figures of a run as it stands. */
export function figuresOf(pipeline: AssembledPipeline, state: RunFigures['state']): RunFigures {
  const { statistics, slabs, known, gaps, live } = pipeline;
  const { pool, outputs } = live;
  const { recordsRead, bytesRead, batches, sourceLoss } = statistics.snapshot();
  return {
    state,
    recordsRead,
    bytesRead,
    batches,
    sourceLoss,
    streams: statistics.streams(),
    workers: statistics.workers(),
    workersReplaced: pool.replaced,
    slabsFree: slabs.free,
    slabs: slabs.count,
    namesKnown: known.names.known,
    namesEvicted: known.names.evicted,
    gapsTold: gaps.told,
    outputs: outputs.map((output) => ({
      balance: output.balance.snapshot(),
      health: output.health,
      spool: output.store.figures,
    })),
  };
}
