import { describeError, type Logger } from '@camflow/api';
import type { ConfigurationRequest } from '@camflow/config';
import type { Run, RunReport } from '@camflow/runtime';
import type { DependencyContainer } from 'tsyringe';
import { logWarnings } from '../commands/log-warnings.ts';
import { stopOnSignals } from '../commands/stop-on-signals.ts';
import { type PlannedRun, planRun } from '../composition/plan-run.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { MetricsEndpoint } from '../metrics/metrics-endpoint.ts';
import { describeBalance, describeCauses, isComplete } from '../report/balance.ts';
import { changedParts } from './changed-parts.ts';
import { rootSpoolDir } from './spool-dir.ts';

/** What camflowd is asked to do. */
export interface DaemonRequest {
  readonly configuration: ConfigurationRequest;
  /** Whether to end when a finite source ends. Otherwise camflowd stays until it is told to stop. */
  readonly once: boolean;
}

/**
 * Records until the source ends or a signal comes. The first SIGTERM or SIGINT drains, a second one stops at
 * once; SIGHUP opens the files of outputs anew and says whether the configuration, read again, has changed. The balance is logged at the end, whatever the end.
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
  const reopen = (): void => void lookAgain(planned, plan, log).then(() => reopenOutputs(run, log));
  process.on('SIGHUP', reopen);
  let endpoint: MetricsEndpoint | undefined;
  try {
    const { metrics } = planned.general;
    if (metrics !== undefined) endpoint = await MetricsEndpoint.listen(metrics, () => run.figures());
    await run.start();
    const outputs = planned.plan.outputs
      .map(({ name }) => `${name} ${planned.places.get(name)}`.trim())
      .join(', ');
    log.info('recording', { source: planned.plan.source.requested, outputs, workers: planned.plan.workers });
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
    process.off('SIGHUP', reopen);
  }
}

/** Reads the configuration again, and says what it comes to. Nothing that runs is touched. */
async function lookAgain(planned: PlannedRun, plan: () => Promise<PlannedRun>, log: Logger): Promise<void> {
  try {
    const now = await plan();
    logWarnings(now.warnings, log);
    const changed = changedParts(planned, now);
    if (changed.length === 0) return;
    log.warn(
      'the configuration is valid and has changed; what runs goes on as it is until camflowd is restarted',
      {
        sections: changed.join(', '),
      },
    );
  } catch (error) {
    log.error('the configuration cannot be used; what runs goes on as it is', {
      reason: describeError(error),
    });
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
    lost_at_source: describeCauses(report.sourceLoss),
    policy: report.policyHash,
  });
}
