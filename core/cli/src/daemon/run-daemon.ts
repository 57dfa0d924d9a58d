import path from 'node:path';
import { describeError, type Logger } from '@camflow/api';
import type { ConfigurationRequest } from '@camflow/config';
import { type Run, type RunReport, spoolsOfOthers } from '@camflow/runtime';
import type { DependencyContainer } from 'tsyringe';
import { logWarnings } from '../commands/log-warnings.ts';
import { stopOnSignals } from '../commands/stop-on-signals.ts';
import { type PlannedRun, planRun } from '../composition/plan-run.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { MetricsEndpoint } from '../metrics/metrics-endpoint.ts';
import { describeBalance, describeCauses, describeSourceLoss, isComplete } from '../report/balance.ts';
import { changedParts, sectionsLeft } from './changed-parts.ts';
import { rootSpoolDir } from './spool-dir.ts';

/** What camflowd is asked to do. */
export interface DaemonRequest {
  readonly configuration: ConfigurationRequest;
  /** Whether to end when a finite source ends. Otherwise camflowd stays until it is told to stop. */
  readonly once: boolean;
}

/**
 * Records until the source ends or a signal comes. The first SIGTERM or SIGINT drains, a second one stops at
 * once; SIGHUP reads the configuration again, makes the run what it says, and opens the files of outputs anew. The balance is logged at the end, whatever the end.
 * @returns whether every output took what it was given
 * @throws CamflowError where the run cannot start or fails
 */
export async function runDaemon(request: DaemonRequest, container: DependencyContainer): Promise<boolean> {
  const plan = (): Promise<PlannedRun> =>
    planRun(
      request.configuration,
      resolve(container, tokens.builtins),
      process.geteuid?.() === 0 ? rootSpoolDir : undefined,
    );
  const planned = await plan();
  const log = resolve(container, tokens.loggerFactory)(planned.general.logLevel);
  logWarnings(planned.warnings, log);
  const run = resolve(container, tokens.createRun)(planned.plan, { log });
  const signals = stopOnSignals(run, ['SIGTERM', 'SIGINT']);
  let current = planned;
  let reloading = Promise.resolve();
  const onHangup = (): void => {
    reloading = reloading.then(async () => {
      current = await reload(run, current, plan, log);
      await reopenOutputs(run, log);
    });
  };
  process.on('SIGHUP', onHangup);
  let endpoint: MetricsEndpoint | undefined;
  try {
    const { metrics } = planned.general;
    if (metrics !== undefined) endpoint = await MetricsEndpoint.listen(metrics, () => run.figures());
    await run.start();
    const outputs = planned.plan.outputs
      .map(({ name }) => `${name} ${planned.places.get(name)}`.trim())
      .join(', ');
    log.info('recording', { source: planned.plan.source.requested, outputs, workers: planned.plan.workers });
    await nameOtherSpools(planned, log);
    const report = await run.ended;
    if (!request.once && signals.received() === undefined) {
      log.info('the source has ended; waiting for a signal');
      await nextSignal(['SIGTERM', 'SIGINT']);
    }
    logBalance(report, log);
    return isComplete(report);
  } catch (error) {
    logBalance(run.report(), log);
    throw error;
  } finally {
    signals.dispose();
    await endpoint?.close();
    process.off('SIGHUP', onHangup);
  }
}

/**
 * Reads the configuration again and makes the run what it says. Where that fails, everything is as it was.
 * @returns the configuration that holds now
 */
async function reload(
  run: Run,
  current: PlannedRun,
  plan: () => Promise<PlannedRun>,
  log: Logger,
): Promise<PlannedRun> {
  try {
    const next = await plan();
    logWarnings(next.warnings, log);
    const sections = changedParts(current, next);
    if (sections.length === 0) return current;
    const { changed, added, removed, policy } = await run.reload(next.plan);
    const list = (names: readonly string[]): string => (names.length === 0 ? 'none' : names.join(', '));
    log.info('the configuration has changed', {
      outputs_changed: list(changed),
      outputs_added: list(added),
      outputs_removed: list(removed),
      policy: policy ? 'changed' : 'as before',
    });
    logClosed(run, removed, log);
    const rest = sectionsLeft(current, next);
    if (rest.length === 0) return next;
    log.warn('some of what has changed takes effect when camflowd is started anew', {
      sections: list(rest),
    });
    // What was not applied is still different from what is in the file, and said again next time.
    const { outputs, format, policy: policyName, spoolDir, pluginPath } = next.general;
    const general = { ...current.general, outputs, format, policy: policyName, spoolDir, pluginPath };
    return { ...next, general, plan: { ...next.plan, source: current.plan.source } };
  } catch (error) {
    log.error('the configuration cannot be used; everything goes on as it was', {
      reason: describeError(error),
    });
    return current;
  }
}

async function reopenOutputs(run: Run, log: Logger): Promise<void> {
  try {
    await run.reopen();
    log.info('outputs opened anew');
  } catch (error) {
    log.error('an output cannot be opened anew', { reason: (error as Error).message });
  }
}

/** Keeps the process alive until a signal comes. */
function nextSignal(names: readonly NodeJS.Signals[]): Promise<void> {
  return new Promise((done) => {
    const alive = setInterval(() => {}, 60_000);
    const onSignal = (): void => {
      clearInterval(alive);
      for (const name of names) process.off(name, onSignal);
      done();
    };
    for (const name of names) process.on(name, onSignal);
  });
}

/** Units that wait for outputs that are not configured any more wait for ever, unless somebody hears of it. */
async function nameOtherSpools({ plan }: PlannedRun, log: Logger): Promise<void> {
  const folder = plan.outputs.find(({ spool }) => spool)?.spool?.folder;
  if (folder === undefined) return;
  const names = plan.outputs.map(({ name }) => name);
  for (const spool of await spoolsOfOthers(path.dirname(folder), names)) {
    log.warn('units wait in the spool of an output that is not configured', {
      spool,
      hint: 'camflow spool cat prints them, camflow spool rm removes them',
    });
  }
}

/** The accounts of outputs that the run has no more. */
function logClosed(run: Run, names: readonly string[], log: Logger): void {
  for (const balance of run.report().outputs) {
    if (names.includes(balance.output))
      log.info(`closed: ${describeBalance(balance)}`, { output: balance.output });
  }
}

/** One line per output: every record that was produced is accounted for. */
function logBalance(report: RunReport, log: Logger): void {
  for (const balance of report.outputs) {
    log.info(`balance: ${describeBalance(balance)}`, {
      output: balance.output,
      units: balance.units,
      bytes: balance.bytes,
    });
  }
  log.info('stopped', {
    records: report.recordsRead,
    batches: report.batches,
    malformed: describeCauses(report.malformed),
    lost_at_source: describeSourceLoss(report),
    policy: report.policyHash,
  });
}
