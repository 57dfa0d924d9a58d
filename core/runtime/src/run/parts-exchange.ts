import {
  CamflowError,
  type CaptureSource,
  type Logger,
  type Origin,
  type PolicyProgram,
  type Sink,
} from '@camflow/api';
import { Output } from '../delivery/output.ts';
import { OutputBalanceSheet } from '../delivery/output-balance.ts';
import type { GapReporter } from '../gaps/gap-reporter.ts';
import type { Dispatcher } from '../pipeline/dispatcher.ts';
import type { Distributor } from '../pipeline/distributor.ts';
import type { BatchRunner } from '../pool/batch-runner.ts';
import { WorkerPool } from '../pool/worker-pool.ts';
import type { WorkerSetup } from '../worker/messages.ts';
import { CompiledFilter } from '../worker/record-filter.ts';
import { type LiveParts, openStore, routesOf, tellOfEarlierLosses } from './live-parts.ts';
import { comparePlans, type PlanChange } from './plan-change.ts';
import { createPolicy, createSink, distinctFormats } from './plugin-instances.ts';
import type { RunControl } from './run-control.ts';
import type { RunLimits } from './run-limits.ts';
import type { OutputPlan, RunPlan } from './run-plan.ts';

/** How long an output that has a disk may take what it was given before it goes, in milliseconds. */
const spooledLeaveMs = 5_000;

/** What became of a new plan. */
export interface ReloadReport {
  /** Outputs that were exchanged, opened and closed, by name. */
  readonly changed: readonly string[];
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Whether another policy holds now. */
  readonly policy: boolean;
  /** What the new plan has and the run cannot change while it goes on, in words. */
  readonly left: readonly string[];
}

/** The parts of a run that an exchange works on. */
export interface ExchangeParts {
  readonly live: LiveParts;
  readonly balances: Map<string, OutputBalanceSheet>;
  readonly setup: WorkerSetup;
  readonly slabsNeeded: number;
  readonly source: CaptureSource;
  readonly origin: Origin;
  readonly numbering: string;
  readonly limits: RunLimits;
  readonly log: Logger;
  readonly control: RunControl;
  readonly dispatcher: Dispatcher;
  readonly distributor: Distributor;
  readonly runner: BatchRunner;
  readonly gaps: GapReporter;
}

/** An output that was taken out, and how to go back to it. */
interface LeftOutput {
  readonly plan: OutputPlan;
  readonly output: Output;
  /** Records of it that wait on the disk. */
  readonly parked: number;
}

/**
 * Exchanges outputs and the policy of a run that goes on. Everything that can fail without anything being touched
 * comes first; then no batch goes to the workers until the outputs are exchanged, so that each gets whole batches.
 * Outputs that stay go on with what they have meanwhile.
 */
export class PartsExchange {
  readonly #parts: ExchangeParts;

  constructor(parts: ExchangeParts) {
    this.#parts = parts;
  }

  /**
   * Makes a run what a plan says, as far as it can be changed. One call at a time.
   * @throws CamflowError where a part cannot be made or opened: everything is as before then
   */
  async apply(plan: RunPlan): Promise<ReloadReport> {
    const { live, dispatcher, control, log } = this.#parts;
    const change = comparePlans(live.plan, plan);
    const fresh = new Map<string, Sink>();
    let pool: WorkerPool | undefined;
    try {
      const program = change.policy ? await this.#compile(plan) : live.program;
      for (const output of [...change.added, ...change.changed]) {
        const sink = await createSink(output, log);
        fresh.set(output.name, sink);
        await sink.check?.();
      }
      pool = await this.#poolFor(plan, program);
      checkGoing(control);
      const paused = dispatcher.pause();
      try {
        await paused;
        await this.#exchange(plan, change, fresh, program, pool);
      } finally {
        dispatcher.resume();
      }
      const { changed, added, removed } = change;
      return {
        changed: changed.map(({ name }) => name),
        added: added.map(({ name }) => name),
        removed,
        policy: change.policy,
        left: change.rest ? ['source, workers or memory'] : [],
      };
    } catch (error) {
      await pool?.close();
      for (const sink of fresh.values()) await sink.close().catch(() => undefined);
      throw error;
    }
  }

  /** @throws CamflowError where the source would have to be opened anew for it */
  async #compile(plan: RunPlan): Promise<PolicyProgram> {
    const { source, live, setup, log } = this.#parts;
    const program = (await createPolicy(plan.policy, log)).compile(source.capabilities);
    if (program.filter !== null) new CompiledFilter(program.filter, setup.memory);
    if (source.leaveOut !== undefined || isSamePushDown(program, live.program)) return program;
    throw new CamflowError(
      'PIPELINE_STATE',
      `the policy in [${plan.policy.section}] changes what the source itself leaves out`,
      { hint: 'Restart the recorder for it.' },
    );
  }

  /** Workers with the formats and the filter of a plan; undefined where those there are have them. */
  async #poolFor(plan: RunPlan, program: PolicyProgram): Promise<WorkerPool | undefined> {
    const { setup, slabsNeeded, live, log } = this.#parts;
    const formats = distinctFormats(plan.outputs).map(({ request }) => request);
    const before = distinctFormats(live.plan.outputs).map(({ request }) => request);
    const same = JSON.stringify([formats, program.filter]) === JSON.stringify([before, live.program.filter]);
    if (same) return undefined;
    const pool = new WorkerPool(
      live.plan.workers,
      slabsNeeded,
      { ...setup, formats, filter: program.filter },
      log,
    );
    try {
      await pool.warmUp();
      return pool;
    } catch (error) {
      await pool.close();
      throw error;
    }
  }

  /** Nothing is at the workers now. */
  async #exchange(
    plan: RunPlan,
    change: PlanChange,
    fresh: Map<string, Sink>,
    program: PolicyProgram,
    pool: WorkerPool | undefined,
  ): Promise<void> {
    const { live, source, distributor, runner, gaps, control } = this.#parts;
    const opened = new Map<string, Output>();
    const left: LeftOutput[] = [];
    try {
      for (const output of change.added)
        opened.set(output.name, await this.#open(output, fresh, program.hash));
      for (const output of change.changed) {
        left.push(await this.#leave(output.name));
        const { parked } = left.at(-1)!;
        opened.set(output.name, await this.#open(output, fresh, program.hash, parked));
      }
      if (!isSamePushDown(program, live.program)) source.leaveOut?.(program.pushDown);
    } catch (error) {
      await this.#goBack(left, opened);
      throw error;
    }
    const gone: Output[] = [];
    for (const name of change.removed) {
      const { output, parked } = await this.#leave(name);
      output.balance.spool(parked);
      gone.push(output);
    }
    // From here on nothing waits: what is read meanwhile would be counted for one side only.
    const outputs = plan.outputs.map(({ name }) => opened.get(name) ?? this.#outputNamed(name));
    distributor.use(routesOf(plan, outputs));
    gaps.use(outputs, ({ name }) => opened.get(name));
    const { workers, slabBytes, shed } = live.plan;
    live.plan = { ...plan, source: live.plan.source, workers, slabBytes, ...(shed && { shed }) };
    live.outputs = outputs;
    live.program = program;
    for (const output of gone) output.balance.handOver(live.unsent);
    for (const { name } of change.added) opened.get(name)!.balance.produce(live.unsent, {});
    if (pool === undefined) return;
    const before = live.pool;
    runner.use(pool, distinctFormats(plan.outputs).length);
    control.opened.add('the workers', pool);
    live.pool = pool;
    await control.opened.closeNow(before);
  }

  /**
   * Opens a new output.
   * @param parked - records of the one before it that wait on the disk and are in the balance
   */
  async #open(plan: OutputPlan, fresh: Map<string, Sink>, policyHash: string, parked = 0): Promise<Output> {
    const { balances, control, limits, log, origin, numbering, gaps, source, live } = this.#parts;
    const { name } = plan;
    const sink = fresh.get(name)!;
    const balance = balances.get(name) ?? new OutputBalanceSheet(name);
    balances.set(name, balance);
    const store = await openStore(plan, limits, source.capabilities.rereadable, log);
    store.origin = origin;
    store.patient = () => source.capabilities.finite && live.outputs.length === 1;
    control.opened.add(`the spool of ${name}`, store);
    control.opened.add(name, sink);
    fresh.delete(name);
    try {
      await sink.open({ origin, policyHash, losses: () => balance.snapshot().dropped });
    } catch (error) {
      await control.opened.closeNow(sink);
      await control.opened.closeNow(store);
      throw error;
    }
    const output = new Output(name, { sink, balance, store, numbering, log });
    tellOfEarlierLosses(output, gaps);
    output.resume(parked);
    return output;
  }

  async #leave(name: string): Promise<LeftOutput> {
    const { live, control } = this.#parts;
    const output = this.#outputNamed(name);
    const plan = live.plan.outputs.find((each) => each.name === name)!;
    const { drainTimeoutMs } = live.plan;
    const { persistent } = output.store.queue;
    const parked = await output.leave(persistent ? Math.min(spooledLeaveMs, drainTimeoutMs) : drainTimeoutMs);
    // What the sink did not take in time and no disk has is lost.
    const lost = Math.max(0, output.balance.pending - parked - live.unsent);
    output.balance.drop(lost, 'shutdown');
    if (lost > 0) {
      output.lose({ shutdown: lost });
      const untilMs = Date.now();
      const fromMs = Math.min(output.store.ledger?.settledUntilMs ?? untilMs, untilMs);
      output.onLoss({ cause: 'shutdown', stream: undefined, count: lost, fromMs, untilMs });
    }
    await control.opened.closeNow(output.sink);
    await control.opened.closeNow(output.store);
    return { plan, output, parked };
  }

  /** Closes what was opened, and opens anew what was closed for it. */
  async #goBack(left: readonly LeftOutput[], opened: ReadonlyMap<string, Output>): Promise<void> {
    const { live, distributor, gaps, control, balances } = this.#parts;
    const parked = new Map(left.map((each) => [each.plan.name, each.parked]));
    for (const [name, output] of opened) {
      const waiting = await output.leave(spooledLeaveMs);
      await control.opened.closeNow(output.sink);
      await control.opened.closeNow(output.store);
      if (parked.has(name)) parked.set(name, waiting);
      else output.balance.spool(waiting);
      if (output.balance.snapshot().resumed === 0 && !parked.has(name)) balances.delete(name);
    }
    const again = new Map<string, Output>();
    for (const { plan, output } of left) {
      try {
        const sink = await createSink(plan, this.#parts.log);
        const of = new Map([[plan.name, sink]]);
        again.set(plan.name, await this.#open(plan, of, live.program.hash, parked.get(plan.name)));
      } catch (error) {
        // It was there a moment ago; a run without it would not be the one that was asked for.
        control.fail(error);
        again.set(plan.name, output);
      }
    }
    live.outputs = live.outputs.map((output) => again.get(output.name) ?? output);
    distributor.use(routesOf(live.plan, live.outputs));
    gaps.use(live.outputs, ({ name }) => again.get(name));
  }

  #outputNamed(name: string): Output {
    return this.#parts.live.outputs.find((output) => output.name === name)!;
  }
}

function checkGoing({ finishing }: RunControl): void {
  if (!finishing.aborted) return;
  throw new CamflowError('PIPELINE_STATE', 'the run is about to end');
}

function isSamePushDown(one: PolicyProgram, other: PolicyProgram): boolean {
  return JSON.stringify(one.pushDown) === JSON.stringify(other.pushDown);
}
