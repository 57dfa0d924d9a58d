import { randomUUID } from 'node:crypto';
import {
  CamflowError,
  type Logger,
  nodeTypeNamed,
  type Origin,
  type RecordType,
  recorderCpu,
  relationTypeNamed,
} from '@camflow/api';
import { CommitTracker } from '../delivery/commit-tracker.ts';
import { Output } from '../delivery/output.ts';
import { OutputBalanceSheet } from '../delivery/output-balance.ts';
import type { OutputStore } from '../delivery/output-store.ts';
import { GapReporter, gapMemoryBytes, gapsOf, mostGapBatches } from '../gaps/gap-reporter.ts';
import { SlabPool, slabCount, usableSlabBytes } from '../memory/slab-pool.ts';
import { KnownTexts } from '../names/known-texts.ts';
import { markOf } from '../pipeline/accepted-batch.ts';
import { Dispatcher } from '../pipeline/dispatcher.ts';
import { Distributor, type DistributorLoss } from '../pipeline/distributor.ts';
import { Overload } from '../pipeline/overload.ts';
import { Reader } from '../pipeline/reader.ts';
import { RunStatistics } from '../pipeline/run-statistics.ts';
import { BatchRunner } from '../pool/batch-runner.ts';
import { WorkerPool } from '../pool/worker-pool.ts';
import type { WorkerSetup } from '../worker/messages.ts';
import { CompiledFilter } from '../worker/record-filter.ts';
import { type LiveParts, openStore, routesOf, tellOfEarlierLosses } from './live-parts.ts';
import { PartsExchange } from './parts-exchange.ts';
import { createPlugins, distinctFormats } from './plugin-instances.ts';
import type { RunControl } from './run-control.ts';
import type { RunLimits } from './run-limits.ts';
import type { RunPlan } from './run-plan.ts';

/** A pipeline with everything open, before the first read. */
export interface AssembledPipeline {
  readonly origin: Origin;
  /** Whether the source gives again what was not committed. */
  readonly rereadable: boolean;
  readonly reader: Reader;
  /** What a reload exchanges. */
  readonly live: LiveParts;
  /** The balance of every output that the run has or had. */
  readonly balances: ReadonlyMap<string, OutputBalanceSheet>;
  readonly statistics: RunStatistics;
  readonly gaps: GapReporter;
  readonly known: KnownTexts;
  readonly slabs: SlabPool;
  readonly exchange: PartsExchange;
}

/**
 * Makes every part of a run and opens it, in the order that `Run.start` promises. What may have to be closed
 * again is in `control.opened`, whether this succeeds or throws.
 */
export async function assemblePipeline(
  plan: RunPlan,
  limits: RunLimits,
  log: Logger,
  control: RunControl,
): Promise<AssembledPipeline> {
  const { source, policy, sinks } = await createPlugins(plan, log);
  for (const [index, sink] of sinks.entries()) control.opened.add(plan.outputs[index]!.name, sink);
  control.opened.add(plan.source.requested, source);
  control.checkStarting();

  const program = policy.compile(source.capabilities);
  for (const sink of sinks) {
    await sink.check?.();
    control.checkStarting();
  }

  const { finite, rereadable } = source.capabilities;
  const stores: OutputStore[] = [];
  for (const output of plan.outputs) {
    const store = await openStore(output, limits, rereadable, log);
    stores.push(store);
    control.opened.add(`the spool of ${output.name}`, store);
  }
  control.checkStarting();

  const slabsNeeded = slabCount(plan.workers, source.capabilities.heldBatches);
  // What the recorder itself has to tell comes on top.
  const mostTasks = slabsNeeded + mostGapBatches;
  const slabs = new SlabPool(slabsNeeded, usableSlabBytes(plan.slabBytes), gapMemoryBytes);
  const known = new KnownTexts(slabs.memory, limits, log);
  // Compiled here only for its errors; every worker compiles its own.
  if (program.filter !== null) new CompiledFilter(program.filter, slabs.memory);
  const formats = distinctFormats(plan.outputs);
  const shedTypes = typesNamed(plan.shed ?? []);
  const setup: WorkerSetup = {
    memory: slabs.memory,
    names: known.nameTable,
    contexts: known.contextTable,
    formats: formats.map(({ request }) => request),
    filter: program.filter,
    shedOrder: shedTypes.map(({ index }) => index),
  };
  const pool = new WorkerPool(plan.workers, mostTasks, setup, log);
  control.opened.add('the workers', pool);
  await pool.warmUp();
  control.checkStarting();

  const origin = await source.open(control.finishing, program.pushDown);
  control.checkStarting();
  const balances = new Map(plan.outputs.map(({ name }) => [name, new OutputBalanceSheet(name)]));
  for (const [index, sink] of sinks.entries()) {
    const losses = () => balances.get(plan.outputs[index]!.name)!.snapshot().dropped;
    await sink.open({ origin, policyHash: program.hash, losses });
    control.checkStarting();
  }

  const runNumbering = randomUUID().slice(0, 13);
  const numbering = origin.numbering ?? runNumbering;
  const statistics = new RunStatistics();
  const outputs = plan.outputs.map(({ name }, index) => {
    const balance = balances.get(name)!;
    const store = stores[index]!;
    store.origin = origin;
    return new Output(name, { sink: sinks[index]!, balance, store, numbering, log });
  });
  const live: LiveParts = { plan, outputs, pool, program, unsent: 0 };
  const commits = new CommitTracker((batchId, settledUntilMs) => {
    if (control.over) return;
    for (const { store } of rereadable ? [] : live.outputs)
      if (store.ledger) store.ledger.settledUntilMs = settledUntilMs;
    try {
      source.commit(batchId);
    } catch (error) {
      control.fail(error);
    }
  });
  const onFormatLoss: DistributorLoss = (losers, dropped, { relay }) => {
    const { stream, capturedAtMs } = relay;
    for (const gap of gapsOf({ loss: dropped }, stream, capturedAtMs, capturedAtMs)) gaps.lostBy(losers, gap);
  };
  const distributor = new Distributor(
    routesOf(plan, outputs),
    commits,
    statistics,
    numbering,
    runNumbering,
    onFormatLoss,
    log,
  );
  const runner = new BatchRunner(pool, slabs.memory, formats.length, log);
  // A source that ends by itself waits: nothing is lost where workers are slow, so nothing is shed.
  const overload = new Overload(source.capabilities.finite ? 0 : shedTypes.length, (level) => {
    try {
      source.shed?.(shedTypes.slice(0, level));
    } catch (error) {
      control.fail(error);
    }
  });
  const dispatcher = new Dispatcher(
    {
      runner,
      distributor,
      known,
      slabs,
      origin,
      overload,
      workers: plan.workers,
      onDispatch: ({ relay, records }) => {
        if (relay.stream.cpu !== recorderCpu) live.unsent -= records;
      },
    },
    control.givingUp,
    (error) => {
      control.fail(error);
      slabs.close();
    },
  );
  const gaps = new GapReporter({
    origin,
    memory: slabs.extra,
    finite,
    dispatch: (batch) => dispatcher.dispatch(batch),
  });
  for (const output of outputs) {
    output.store.patient = () => finite && live.outputs.length === 1;
    tellOfEarlierLosses(output, gaps);
  }
  let lastReadMs = 0;
  const reader = new Reader({
    source,
    slabs,
    known,
    dispatcher,
    commits,
    onRead: (batch) => {
      const { relay, records, byteLength } = batch;
      if (control.over) throw new CamflowError('PIPELINE_STATE', 'the run is over');
      statistics.read(relay, records, byteLength);
      const { stream } = relay;
      const mark = markOf(batch);
      const isNew = records === 0 || !live.outputs.every((output) => output.had(stream, mark));
      // A gap of another recorder, in a capture that is replayed, is no record of the source: it is in no account.
      const counted = isNew && stream.cpu !== recorderCpu ? records : 0;
      live.unsent += counted;
      for (const output of live.outputs) {
        output.balance.produce(counted, relay.loss);
        output.lose(relay.loss);
      }
      const known = records > 0 ? stream : undefined;
      for (const gap of gapsOf(relay, known, lastReadMs || relay.capturedAtMs, relay.capturedAtMs))
        gaps.lost(gap);
      lastReadMs = relay.capturedAtMs;
      return isNew;
    },
    onRecord: async () => {
      await Promise.all(live.outputs.map(({ store }) => store.save()));
    },
    onEnd: async () => {
      if (!control.givingUp.aborted) await gaps.tell();
    },
  });
  control.finishing.addEventListener('abort', () => {
    for (const output of live.outputs) output.drain();
  });
  control.givingUp.addEventListener('abort', () => {
    slabs.close();
    for (const output of live.outputs) output.giveUp();
    dispatcher.resume();
  });
  for (const output of outputs) output.resume();
  const exchange = new PartsExchange({
    live,
    balances,
    setup,
    mostTasks,
    source,
    origin,
    numbering,
    limits,
    log,
    control,
    dispatcher,
    distributor,
    runner,
    gaps,
  });
  return { origin, rereadable, reader, live, balances, statistics, gaps, known, slabs, exchange };
}

/** Types of a shedding order; a name that stands for a node and a relation sheds the relation. */
function typesNamed(names: readonly string[]): RecordType[] {
  return names.flatMap((name) => relationTypeNamed(name) ?? nodeTypeNamed(name) ?? []);
}
