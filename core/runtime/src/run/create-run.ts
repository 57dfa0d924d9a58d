import { CamflowError, describeError, type Logger } from '@camflow/api';
import { type AssembledPipeline, assemblePipeline } from './assemble-pipeline.ts';
import { settlesUnless, settlesWithin } from './deadline.ts';
import { emptyReport, reportOn } from './make-report.ts';
import type { ReloadReport } from './parts-exchange.ts';
import type { CreateRun, Run, RunDependencies } from './run.ts';
import { RunControl } from './run-control.ts';
import { emptyFigures, figuresOf, type RunFigures } from './run-figures.ts';
import { defaultRunLimits, type RunLimits } from './run-limits.ts';
import type { RunPlan } from './run-plan.ts';
import type { RunReport } from './run-report.ts';

/** How long something that was told to let go at once may take. */
const graceMs = 1_000;

/** How long putting on the disk what outputs did not take may take. */
const parkTimeoutMs = 30_000;

class PipelineRun implements Run {
  readonly ended: Promise<RunReport>;
  readonly #plan: RunPlan;
  readonly #log: Logger;
  readonly #limits: RunLimits;
  readonly #control: RunControl;
  readonly #beforeReading: () => Promise<void>;
  #settle!: { resolve(report: RunReport): void; reject(error: unknown): void };
  #state: 'new' | 'starting' | 'running' | 'ended' = 'new';
  #pipeline: AssembledPipeline | undefined;
  #drainTimer: NodeJS.Timeout | undefined;
  #reloading: Promise<unknown> = Promise.resolve();
  /** Nothing more is read. */
  #ending = false;
  #startedAt: number | undefined;
  #endedAt: number | undefined;

  constructor(plan: RunPlan, { log, limits, beforeReading }: RunDependencies) {
    this.#plan = plan;
    this.#log = log;
    this.#limits = limits ?? defaultRunLimits;
    this.#control = new RunControl(log);
    this.#beforeReading = beforeReading ?? (async () => {});
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
      this.#pipeline = await this.#assemble();
      await this.#beforeReading();
      this.#control.checkStarting();
    } catch (error) {
      await this.#control.opened.close();
      this.#end(error);
      throw error;
    }
    this.#state = 'running';
    void this.#conduct(this.#pipeline);
  }

  stop(): Promise<RunReport> {
    if (this.#state === 'new') this.#end(undefined);
    if (this.#state !== 'ended') this.#drain();
    return this.ended;
  }

  abort(): Promise<RunReport> {
    if (this.#state === 'new') this.#end(undefined);
    this.#control.giveUp();
    return this.ended;
  }

  async reopen(): Promise<void> {
    if (this.#state === 'ended') return;
    const outputs = this.#pipeline?.live.outputs ?? [];
    const calls = outputs.map((output) => output.exclusively(async (sink) => sink.reopen?.()));
    const failed = (await Promise.allSettled(calls)).find((outcome) => outcome.status === 'rejected');
    if (failed) throw failed.reason;
  }

  reload(plan: RunPlan): Promise<ReloadReport> {
    const reloading = this.#reloading.then(async () => {
      if (this.#pipeline === undefined || this.#state !== 'running' || this.#ending) {
        const state = this.#ending ? 'ended' : this.#state;
        throw new CamflowError('PIPELINE_STATE', `a run that is ${state} cannot be changed`);
      }
      return await this.#pipeline.exchange.apply(plan);
    });
    this.#reloading = reloading.catch(() => undefined);
    return reloading;
  }

  report(): RunReport {
    const until = this.#endedAt ?? performance.now();
    const elapsedMs = until - (this.#startedAt ?? until);
    return this.#pipeline === undefined ? emptyReport(elapsedMs) : reportOn(this.#pipeline, elapsedMs);
  }

  figures(): RunFigures {
    const state = this.#watchedState();
    return this.#pipeline === undefined ? emptyFigures(state) : figuresOf(this.#pipeline, state);
  }

  #watchedState(): RunFigures['state'] {
    if (this.#control.failure !== undefined) return 'failed';
    if (this.#state === 'running') return this.#control.finishing.aborted ? 'draining' : 'running';
    return this.#state === 'ended' ? 'ended' : 'starting';
  }

  async #assemble(): Promise<AssembledPipeline> {
    const assembling = assemblePipeline(this.#plan, this.#limits, this.#log, this.#control);
    if (await settlesUnless(this.#control.givingUp, graceMs, assembling)) return assembling;
    throw new CamflowError('PIPELINE_STATE', 'the run was aborted while it waited for a plugin to start');
  }

  /** From the first read to the end. Never rejects. */
  async #conduct({ reader, live, gaps, rereadable }: AssembledPipeline): Promise<void> {
    const { givingUp, finishing, opened } = this.#control;
    const reading = reader.run(finishing).catch((error: unknown) => this.#control.fail(error));
    await settlesUnless(givingUp, graceMs, reading);
    this.#ending = true;
    await settlesUnless(givingUp, graceMs, this.#reloading);
    const { outputs } = live;
    // Nobody may be there to stop a run that failed.
    if (this.#control.failure !== undefined) this.#drain();
    await settlesUnless(givingUp, graceMs, Promise.all(outputs.map((output) => output.idle())));
    for (const output of outputs) {
      if (givingUp.aborted) break;
      const flushed = output.exclusively(async (sink) => sink.flush?.());
      await settlesUnless(givingUp, graceMs, flushed).catch((error: unknown) => {
        this.#log.error('output could not be flushed', { output: output.name, error: describeError(error) });
      });
    }
    const complete = !finishing.aborted && this.#control.failure === undefined;
    gaps.end();
    const parked = Promise.all(outputs.map((output) => output.park({ complete, rereadable })));
    await settlesWithin(parked, parkTimeoutMs).catch((error: unknown) => {
      this.#log.error('what waits cannot be spooled', { error: describeError(error) });
    });
    await opened.close();
    this.#end(this.#control.failure);
  }

  /** Finishes, and gives up when that takes too long. */
  #drain(): void {
    this.#control.finish();
    this.#drainTimer ??= setTimeout(() => {
      this.#log.warn('outputs did not take everything in time; the rest is counted as shutdown');
      this.#control.giveUp();
    }, this.#plan.drainTimeoutMs);
  }

  #end(failure: unknown): void {
    clearTimeout(this.#drainTimer);
    this.#control.end();
    const orderly = failure === undefined && !this.#control.givingUp.aborted;
    const open = (this.#pipeline?.live.outputs ?? []).filter((output) => !output.finish(orderly));
    this.#state = 'ended';
    this.#endedAt = performance.now();
    const reason = failure ?? (open.length > 0 ? imbalanceOf(open.map(({ name }) => name)) : undefined);
    if (reason === undefined) this.#settle.resolve(this.report());
    else this.#settle.reject(reason);
  }
}

/** Makes a run; nothing happens before its `start`. */
export const createRun: CreateRun = (plan, dependencies) => new PipelineRun(plan, dependencies);

function imbalanceOf(outputs: readonly string[]): CamflowError {
  return new CamflowError(
    'INTERNAL',
    `the balance of ${outputs.join(', ')} does not close: what became of some records is not known`,
    { hint: 'Please report it, with what the log says of the balance.' },
  );
}
