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
import type { OutputStore } from '../delivery/output-store.ts';
import type { GapReporter } from '../gaps/gap-reporter.ts';
import type { Dispatcher } from '../pipeline/dispatcher.ts';
import type { Distributor } from '../pipeline/distributor.ts';
import type { BatchRunner } from '../pool/batch-runner.ts';
import { WorkerPool } from '../pool/worker-pool.ts';
import type { WorkerSetup } from '../worker/messages.ts';
import { CompiledFilter } from '../worker/record-filter.ts';
import { settlesUnless } from './deadline.ts';
import { type LiveParts, openStore, routesOf, tellOfEarlierLosses } from './live-parts.ts';
import { comparePlans, type PlanChange } from './plan-change.ts';
import { createPolicy, createSink, distinctFormats } from './plugin-instances.ts';
import type { RunControl } from './run-control.ts';
import type { RunLimits } from './run-limits.ts';
import type { OutputPlan, RunPlan } from './run-plan.ts';

/** How long an output that has a disk may take what it was given before it goes, in milliseconds. */
const spooledLeaveMs = 5_000;

/** How much of that it has while all outputs wait. */
const swapMs = 250;

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
  readonly mostTasks: number;
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

/** An output that is out, and how long it may still take what it has. */
interface OutputToGo {
  readonly output: Output;
  readonly timeoutMs: number;
}

/** What a new output has, before it is given anything. */
interface OpenedOutput {
  readonly plan: OutputPlan;
  readonly sink: Sink;
  readonly store: OutputStore;
}

/**
 * Exchanges outputs and the policy of a run that goes on. Everything that can fail without anything being touched
 * comes first; then those that change are waited for, while all go on. Only for the exchange itself no batch goes to the
 * workers, so that each output gets whole batches. Those that are removed take what they have afterwards.
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
    const { live, control, log } = this.#parts;
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
      const { pool: before } = live;
      const gone = await this.#exchange(plan, change, fresh, program, pool);
      if (before !== live.pool) await control.opened.closeNow(before);
      await Promise.all(gone.map((output) => this.#farewell(output)));
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
    const { setup, mostTasks, live, log } = this.#parts;
    const formats = distinctFormats(plan.outputs).map(({ request }) => request);
    const before = distinctFormats(live.plan.outputs).map(({ request }) => request);
    const same = JSON.stringify([formats, program.filter]) === JSON.stringify([before, live.program.filter]);
    if (same) return undefined;
    const pool = new WorkerPool(
      live.plan.workers,
      mostTasks,
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

  /** @returns the outputs that are out, and may still take what they have */
  async #exchange(
    plan: RunPlan,
    change: PlanChange,
    fresh: Map<string, Sink>,
    program: PolicyProgram,
    pool: WorkerPool | undefined,
  ): Promise<readonly OutputToGo[]> {
    const { live, source, dispatcher } = this.#parts;
    const added: OpenedOutput[] = [];
    const silenced = new Set<string>();
    const opened = new Map<string, Output>();
    const left: LeftOutput[] = [];
    const leave = async (name: string, timeoutMs: number): Promise<LeftOutput> => {
      const output = this.#outputNamed(name);
      left.push({
        plan: this.#planNamed(name),
        output,
        parked: await this.#leave(output, timeoutMs, () => live.unsent),
      });
      silenced.delete(name);
      return left.at(-1)!;
    };
    try {
      for (const output of change.added) added.push(await this.#open(output, fresh, program.hash));
      const slow = await this.#waitFor(change.changed, silenced);
      await dispatcher.pause();
      // Nothing is at the workers now.
      for (const output of change.changed) {
        const { parked } = await leave(output.name, slow.has(output.name) ? 0 : this.#swapMs(output.name));
        const parts = await this.#open(output, fresh, program.hash);
        opened.set(output.name, this.#begin(parts, parked));
      }
      if (!isSamePushDown(program, live.program)) source.leaveOut?.(program.pushDown);
      for (const parts of added) opened.set(parts.plan.name, this.#begin(parts));
      return this.#use(plan, change, opened, program, pool);
    } catch (error) {
      for (const name of silenced) await leave(name, 0);
      for (const { plan: of, sink, store } of added.filter(({ plan: { name } }) => !opened.has(name))) {
        await this.#close(sink, store);
        this.#forget(of.name);
      }
      await this.#goBack(left, opened);
      throw error;
    } finally {
      dispatcher.resume();
    }
  }

  /**
   * Waits until outputs that change have what was read up to now. The sink of one that is too slow, and has a disk for
   * what comes, is closed then, so that nobody waits for that later.
   * @returns the names of those that are too slow
   */
  async #waitFor(changed: readonly OutputPlan[], silenced: Set<string>): Promise<ReadonlySet<string>> {
    const { live, control } = this.#parts;
    const slow = new Set<string>();
    const wait = async ({ name }: OutputPlan): Promise<void> => {
      const output = this.#outputNamed(name);
      const settling = output.settles(live.unsent, this.#leaveMs(output));
      if (!(await settlesUnless(control.finishing, 0, settling))) checkGoing(control);
      if (await settling) return;
      slow.add(name);
      if (!output.store.queue.persistent) return;
      output.silence();
      silenced.add(name);
      await control.opened.closeNow(output.sink);
    };
    // All of them, before anybody goes back.
    const failed = (await Promise.allSettled(changed.map(wait))).find(({ status }) => status === 'rejected');
    if (failed?.status === 'rejected') throw failed.reason;
    return slow;
  }

  /** Gives what comes from here on to the outputs of a plan. */
  #use(
    plan: RunPlan,
    change: PlanChange,
    opened: ReadonlyMap<string, Output>,
    program: PolicyProgram,
    pool: WorkerPool | undefined,
  ): readonly OutputToGo[] {
    const { live, distributor, runner, gaps, control } = this.#parts;
    const gone = change.removed.map((name) => ({
      output: this.#outputNamed(name),
      timeoutMs: this.#leaveMs(this.#outputNamed(name)),
    }));
    // From here on nothing waits: what is read meanwhile would be counted for one side only.
    const outputs = plan.outputs.map(({ name }) => opened.get(name) ?? this.#outputNamed(name));
    distributor.use(routesOf(plan, outputs));
    gaps.use(outputs, ({ name }) => opened.get(name));
    const { workers, slabBytes, shed } = live.plan;
    live.plan = { ...plan, source: live.plan.source, workers, slabBytes, ...(shed && { shed }) };
    live.outputs = outputs;
    live.program = program;
    for (const { output } of gone) {
      output.retire();
      output.balance.handOver(live.unsent);
    }
    for (const { name } of change.added) opened.get(name)!.balance.produce(live.unsent, {});
    if (pool === undefined) return gone;
    runner.use(pool, distinctFormats(plan.outputs).length);
    control.opened.add('the workers', pool);
    live.pool = pool;
    return gone;
  }

  /** Opens what a new output is made of. */
  async #open(plan: OutputPlan, fresh: Map<string, Sink>, policyHash: string): Promise<OpenedOutput> {
    const { balances, control, limits, log, origin, source, live } = this.#parts;
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
      return { plan, sink, store };
    } catch (error) {
      await this.#close(sink, store);
      this.#forget(name);
      throw error;
    }
  }

  /**
   * Lets an output have what waits for it.
   * @param parked - records of the one before it that wait on the disk and are in the balance
   */
  #begin({ plan: { name }, sink, store }: OpenedOutput, parked = 0): Output {
    const { balances, numbering, log, gaps } = this.#parts;
    const output = new Output(name, { sink, balance: balances.get(name)!, store, numbering, log });
    tellOfEarlierLosses(output, gaps);
    output.resume(parked);
    return output;
  }

  /**
   * Takes leave of an output, and closes it.
   * @param unsent - records in its balance that did not come to it by the time it has gone
   * @returns records of it that wait on the disk
   */
  async #leave(output: Output, timeoutMs: number, unsent: () => number): Promise<number> {
    const parked = await output.leave(timeoutMs);
    // What the sink did not take in time and no disk has is lost.
    const lost = Math.max(0, output.balance.pending - parked - unsent());
    output.balance.drop(lost, 'shutdown');
    if (lost > 0) {
      output.lose({ shutdown: lost });
      const untilMs = Date.now();
      const fromMs = Math.min(output.store.ledger?.settledUntilMs ?? untilMs, untilMs);
      output.onLoss({ cause: 'shutdown', stream: undefined, count: lost, fromMs, untilMs });
    }
    await this.#close(output.sink, output.store);
    return parked;
  }

  /** One that is out takes what it has, and is closed. */
  async #farewell({ output, timeoutMs }: OutputToGo): Promise<void> {
    const { givingUp } = this.#parts.control;
    const giveUp = (): void => output.giveUp();
    givingUp.addEventListener('abort', giveUp);
    try {
      if (givingUp.aborted) giveUp();
      output.balance.spool(await this.#leave(output, timeoutMs, () => 0));
    } finally {
      givingUp.removeEventListener('abort', giveUp);
    }
  }

  async #close(sink: Sink, store: OutputStore): Promise<void> {
    await this.#parts.control.opened.closeNow(sink);
    await this.#parts.control.opened.closeNow(store);
  }

  /** An output that did not come to be, and never was before, has no balance. */
  #forget(name: string): void {
    const { live, balances } = this.#parts;
    const { resumed = 0, produced = 0 } = balances.get(name)?.snapshot() ?? {};
    const isLive = live.outputs.some((output) => output.name === name);
    if (!isLive && resumed + produced === 0) balances.delete(name);
  }

  /** How long an output may take what it has before it goes. What has no disk is lost after that. */
  #leaveMs({ store }: Output): number {
    const { drainTimeoutMs } = this.#parts.live.plan;
    return store.queue.persistent ? Math.min(spooledLeaveMs, drainTimeoutMs) : drainTimeoutMs;
  }

  /** How long one that has kept up may take the rest of it while all wait. */
  #swapMs(name: string): number {
    const output = this.#outputNamed(name);
    return output.store.queue.persistent ? swapMs : this.#leaveMs(output);
  }

  /** Closes what was opened, and opens anew what was closed for it. */
  async #goBack(left: readonly LeftOutput[], opened: ReadonlyMap<string, Output>): Promise<void> {
    const { live, distributor, gaps, control } = this.#parts;
    const parked = new Map(left.map((each) => [each.plan.name, each.parked]));
    for (const [name, output] of opened) {
      const waiting = await output.leave(swapMs);
      await this.#close(output.sink, output.store);
      if (parked.has(name)) parked.set(name, waiting);
      else output.balance.spool(waiting);
      this.#forget(name);
    }
    const again = new Map<string, Output>();
    for (const { plan, output } of left) {
      try {
        const sink = await createSink(plan, this.#parts.log);
        const parts = await this.#open(plan, new Map([[plan.name, sink]]), live.program.hash);
        again.set(plan.name, this.#begin(parts, parked.get(plan.name)));
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

  #planNamed(name: string): OutputPlan {
    return this.#parts.live.plan.outputs.find((output) => output.name === name)!;
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
