import { truncate } from 'node:fs/promises';
import { constants } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { PinnedCapture } from '@camflow/kernel';
import type { Run } from '@camflow/runtime';
import type { DependencyContainer } from 'tsyringe';
import { planRun } from '../composition/plan-run.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { describeRun } from '../report/summary.ts';
import { logWarnings } from './log-warnings.ts';
import { runCommand } from './run-command.ts';
import { stopOnSignals } from './stop-on-signals.ts';

/** What `camflow record` is asked to do. */
export interface RecordRequest {
  /** Program and arguments; empty to record the whole system. */
  readonly command: readonly string[];
  /** Whether whatever the command's data reaches is recorded too. */
  readonly propagate: boolean;
  /** How long to record the whole system, in milliseconds; undefined for until a signal comes. */
  readonly forMs: number | undefined;
  readonly format: string;
  /** A file, or `-` for standard output. */
  readonly output: string;
  /** Texts behind `--set`. */
  readonly overrides: readonly string[];
}

/** What a recording left behind. */
export interface RecordResult {
  /** For people. */
  readonly summary: string;
  /** The status to end with: the command's own, 128 and the signal's number where one ended it. */
  readonly status: number;
}

/**
 * Records a command with everything that descends from it, or the whole system for a while. The command runs as it
 * would without: same terminal, signals, working directory, user and status.
 * @throws CamflowError
 */
export async function record(request: RecordRequest, container: DependencyContainer): Promise<RecordResult> {
  const log = resolve(container, tokens.loggerFactory)('warn');
  const planned = await planRun(asConfiguration(request, container), resolve(container, tokens.builtins));
  logWarnings(planned.warnings, log);
  if (request.output !== '-') await truncate(request.output).catch(ignoreNothingThere);
  const run = resolve(container, tokens.createRun)(planned.plan, { log });
  await run.start();
  try {
    const status =
      request.command.length > 0 ? await recordCommand(run, request) : await recordSystem(run, request);
    const report = await run.stop();
    return { summary: describeRun(report, planned.places), status };
  } catch (error) {
    await run.abort().catch(() => {});
    throw error;
  }
}

async function recordCommand(run: Run, { command, propagate }: RecordRequest): Promise<number> {
  const capture = await enabledCapture(run);
  try {
    const ended = await runCommand(command, (start) => {
      // The command is a child of this process, which has the mark while it is born.
      capture.markChildren(propagate ? 'propagate' : 'tracked');
      try {
        return start();
      } finally {
        capture.markChildren('none');
      }
    });
    return ended.signal === null ? (ended.code ?? 0) : 128 + constants.signals[ended.signal];
  } finally {
    capture.close();
  }
}

async function recordSystem(run: Run, { forMs }: RecordRequest): Promise<number> {
  const signals = stopOnSignals(run, ['SIGINT', 'SIGTERM']);
  const timer = forMs === undefined ? undefined : setTimeout(() => void run.stop(), forMs);
  try {
    await run.ended;
    return 0;
  } finally {
    clearTimeout(timer);
    signals.dispose();
  }
}

/** Capture as the source enabled it, which it does with its first read, right after the start. */
async function enabledCapture(run: Run): Promise<PinnedCapture> {
  const capture = new PinnedCapture();
  let failed = false;
  run.ended.catch(() => {
    failed = true;
  });
  while (capture.config().recorder !== BigInt(process.pid) || capture.config().enabled === 0n) {
    if (failed) await run.ended;
    await sleep(1);
  }
  return capture;
}

/** The request in the words of camflowd.ini, so that `--set` reaches every option of every plugin. */
function asConfiguration(request: RecordRequest, container: DependencyContainer) {
  const output = request.output === '-' ? 'stdout' : request.format === 'raw' ? 'capture' : 'log';
  const overrides = [
    'general.source=kernel',
    `general.format=${request.format}`,
    `general.output=${output}`,
    'kernel.backend=bpf',
    `kernel.record=${request.command.length > 0 ? 'tracked' : 'all'}`,
    ...(output === 'stdout' ? [] : [`${output}.path=${path.resolve(request.output)}`]),
    ...request.overrides,
  ];
  return { overrides, environment: resolve(container, tokens.environment) };
}

/** There is nothing to empty where there is no file, or where it is a device. */
function ignoreNothingThere(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT' && error.code !== 'EINVAL') throw error;
}
