import {
  CamflowError,
  type CaptureSource,
  describeError,
  type Logger,
  type Origin,
  type Sink,
} from '@camflow/api';
import { CommitTracker } from '../delivery/commit-tracker.ts';
import { Output } from '../delivery/output.ts';
import { OutputBalanceSheet } from '../delivery/output-balance.ts';
import { SlabPool, slabCount, usableSlabBytes } from '../memory/slab-pool.ts';
import { KnownTexts } from '../names/known-texts.ts';
import { Dispatcher } from '../pipeline/dispatcher.ts';
import { Distributor } from '../pipeline/distributor.ts';
import { Reader } from '../pipeline/reader.ts';
import { RunStatistics } from '../pipeline/run-statistics.ts';
import { CompiledFilter } from '../worker/record-filter.ts';
import { BatchRunner } from '../workers/batch-runner.ts';
import { WorkerPool } from '../workers/worker-pool.ts';
import { settlesUnless, settlesWithin } from './deadline.ts';
import { createPlugins, distinctFormats } from './plugin-instances.ts';
import type { CreateRun, Run, RunDependencies } from './run.ts';
import { defaultRunLimits, type RunLimits } from './run-limits.ts';
import type { RunPlan } from './run-plan.ts';
import type { RunReport } from './run-report.ts';

/** How long something that was told to let go at once may take. */
const graceMs = 1_000;
/** How long closing one plugin may take. */
const closeTimeoutMs = 5_000;

type State = 'new' | 'starting' | 'running' | 'ended';

/** What is open and must be closed again, in the order of opening. */
interface Opened {
  readonly what: string;
  close(): Promise<void>;
}

class PipelineRun implements Run {
  readonly ended: Promise<RunReport>;
  readonly #plan: RunPlan;
  readonly #log: Logger;
  readonly #limits: RunLimits;
  readonly #statistics: RunStatistics = new RunStatistics();
  /** Aborted to make the source finish. */
  readonly #finish: AbortController = new AbortController();
  /** Aborted to wait for nothing any more. */
  readonly #giveUp: AbortController = new AbortController();
  readonly #opened: Opened[] = [];
  #settle!: { resolve(report: RunReport): void; reject(error: unknown): void };
  #state: State = 'new';
  #outputs: readonly Output[] = [];
  #pool: WorkerPool | undefined;
  #known: KnownTexts | undefined;
  #origin: Origin | null = null;
  #policyHash = '';
  #failure: unknown;
  #drainTimer: NodeJS.Timeout | undefined;
  #startedAt = 0;
  #endedAt = 0;

  constructor(plan: RunPlan, { log, limits }: RunDependencies) {
    this.#plan = plan;
    this.#log = log;
    this.#limits = limits ?? defaultRunLimits;
    this.ended = new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
    });
    // Whoever awaits start() or stop() learns of a failure too; nobody has to listen here.
    this.ended.catch(() => undefined);
  }

  async start(): Promise<void> {
    if (this.#state !== 'new') {
      throw new CamflowError('PIPELINE_STATE', `a run that is ${this.#state} cannot be started`);
    }
    this.#state = 'starting';
    this.#startedAt = performance.now();
    try {
      const reader = await this.#open();
      this.#state = 'running';
      void this.#conduct(reader);
    } catch (error) {
      await this.#closeOpened();
      this.#end(error);
      throw error;
    }
  }

  stop(): Promise<RunReport> {
    if (this.#state === 'new') this.#end(undefined);
    if (this.#state !== 'ended' && !this.#finish.signal.aborted) {
      this.#finish.abort();
      this.#drainTimer = setTimeout(() => {
        this.#log.warn('outputs did not take everything in time; the rest is counted as shutdown');
        this.#giveUp.abort();
      }, this.#plan.drainTimeoutMs);
    }
    return this.ended;
  }

  abort(): Promise<RunReport> {
    if (this.#state === 'new') this.#end(undefined);
    this.#finish.abort();
    this.#giveUp.abort();
    return this.ended;
  }

  async reopen(): Promise<void> {
    const calls = this.#outputs.map((output) => output.exclusively(async (sink) => sink.reopen?.()));
    const failed = (await Promise.allSettled(calls)).find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  report(): RunReport {
    const now = this.#endedAt || performance.now();
    return {
      origin: this.#origin,
      ...this.#statistics.snapshot(),
      names: this.#known?.names ?? { known: 0, evicted: 0 },
      policyHash: this.#policyHash,
      outputs: this.#outputs.map((output) => output.balance.snapshot()),
      workersReplaced: this.#pool?.replaced ?? 0,
      elapsedMs: this.#startedAt === 0 ? 0 : now - this.#startedAt,
    };
  }

  /** Everything up to the first read. */
  async #open(): Promise<Reader> {
    const { plan, log } = { plan: this.#plan, log: this.#log };
    const { source, policy, sinks } = await createPlugins(plan, log);
    for (const [index, sink] of sinks.entries()) this.#mustClose(plan.outputs[index]!.name, sink);
    this.#mustClose(plan.source.requested, source);
    this.#stopHere();

    const program = policy.compile(source.capabilities);
    this.#policyHash = program.hash;
    for (const sink of sinks) {
      await sink.check?.();
      this.#stopHere();
    }

    const slabsNeeded = slabCount(plan.workers, source.capabilities.heldBatches);
    const slabs = new SlabPool(slabsNeeded, usableSlabBytes(plan.slabBytes));
    const known = new KnownTexts(slabs.memory, this.#limits, log);
    this.#known = known;
    // Compiled here only for its errors; every worker compiles its own.
    if (program.filter !== null) new CompiledFilter(program.filter, slabs.memory);
    const formats = distinctFormats(plan.outputs);
    const { nameTable: names, contextTable: contexts } = known;
    const requests = formats.map(({ request }) => request);
    const setup = { memory: slabs.memory, names, contexts, formats: requests, filter: program.filter };
    const pool = new WorkerPool(plan.workers, slabsNeeded, setup, log);
    this.#pool = pool;
    this.#mustClose('the workers', pool);
    await pool.warmUp();
    this.#stopHere();

    const origin = await source.open(this.#finish.signal, program.pushDown);
    this.#origin = origin;
    this.#stopHere();
    for (const sink of sinks) {
      await sink.open({ origin });
      this.#stopHere();
    }

    const outputs = plan.outputs.map(({ name }, index) => this.#createOutput(name, sinks[index]!));
    this.#outputs = outputs;
    const commits = new CommitTracker((batchId) => this.#commit(source, batchId));
    const routes = formats.map(({ request, outputs: wanted }) => ({
      format: request.requested,
      outputs: wanted.map((output) => outputs[plan.outputs.indexOf(output)]!),
    }));
    const distributor = new Distributor(routes, commits, this.#statistics, plan.workers + 1, log);
    const runner = new BatchRunner(pool, slabs.memory, formats.length, log);
    const dispatcher = new Dispatcher(
      { runner, distributor, known, slabs, origin },
      this.#giveUp.signal,
      (error) => this.#fail(error, slabs),
    );
    this.#giveUp.signal.addEventListener('abort', () => slabs.close(), { once: true });
    return new Reader({
      source,
      slabs,
      known,
      dispatcher,
      commits,
      onRead: ({ relay, records, byteLength }) => {
        // A source that answers after the run was left alone: too late to be counted.
        if (this.#state === 'ended') throw new CamflowError('PIPELINE_STATE', 'the run is over');
        this.#statistics.read(records, byteLength, relay.loss);
        for (const { balance } of outputs) balance.produce(records, relay.loss);
      },
    });
  }

  #createOutput(name: string, sink: Sink): Output {
    const balance = new OutputBalanceSheet(name);
    const output = new Output(name, sink, balance, this.#log, this.#limits.outputQueueBytes);
    this.#giveUp.signal.addEventListener('abort', () => output.giveUp(), { once: true });
    return output;
  }

  /** From the first read to the end. Never rejects. */
  async #conduct(reader: Reader): Promise<void> {
    const { signal } = this.#giveUp;
    const reading = reader.run(this.#finish.signal).catch((error: unknown) => {
      this.#failure ??= error;
    });
    await settlesUnless(signal, graceMs, reading);
    await settlesUnless(signal, graceMs, Promise.all(this.#outputs.map((output) => output.idle())));
    for (const output of this.#outputs) {
      if (signal.aborted) break;
      const flushed = output.exclusively(async (sink) => sink.flush?.());
      await settlesUnless(signal, graceMs, flushed).catch((error: unknown) => {
        this.#log.error('output could not be flushed', { output: output.name, error: describeError(error) });
      });
    }
    await this.#closeOpened();
    this.#end(this.#failure);
  }

  #commit(source: CaptureSource, batchId: number): void {
    if (this.#state !== 'running') return;
    source.commit(batchId);
  }

  /** The workers cannot go on: reads no more, and delivers what there is. */
  #fail(error: unknown, slabs: SlabPool): void {
    if (this.#giveUp.signal.aborted) return;
    this.#failure ??= error;
    this.#finish.abort();
    slabs.close();
  }

  #mustClose(what: string, part: { close(): Promise<void> }): void {
    this.#opened.push({ what, close: () => part.close() });
  }

  /** Closes in reverse order of opening, whatever happens on the way. */
  async #closeOpened(): Promise<void> {
    for (const { what, close } of this.#opened.splice(0).reverse()) {
      try {
        if (await settlesWithin(close(), closeTimeoutMs)) continue;
        this.#log.error('closing takes too long; going on without it', { what });
      } catch (error) {
        this.#log.error('closing failed', { what, error: describeError(error) });
      }
    }
  }

  #stopHere(): void {
    if (!this.#finish.signal.aborted) return;
    throw new CamflowError('PIPELINE_STATE', 'the run was stopped while it started');
  }

  #end(failure: unknown): void {
    clearTimeout(this.#drainTimer);
    for (const output of this.#outputs) output.finish();
    this.#state = 'ended';
    this.#endedAt = performance.now();
    if (failure === undefined) this.#settle.resolve(this.report());
    else this.#settle.reject(failure);
  }
}

/** Makes a run; nothing happens before its `start`. */
export const createRun: CreateRun = (plan, dependencies) => new PipelineRun(plan, dependencies);
