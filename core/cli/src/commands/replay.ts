import { stat, truncate } from 'node:fs/promises';
import path from 'node:path';
import type { ConfigurationRequest } from '@camflow/config';
import type { DependencyContainer } from 'tsyringe';
import { planRun } from '../composition/plan-run.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { isComplete } from '../report/balance.ts';
import { describeRun } from '../report/summary.ts';
import { logWarnings } from './log-warnings.ts';
import { runToEnd } from './run-to-end.ts';

/** What `camflow replay` is asked to do. */
export interface ReplayRequest {
  /** A capture file, or a folder of raw relay bytes. */
  readonly path: string;
  /** Name of a format, package or path. */
  readonly format: string;
  /** A file, or `-` for standard output. */
  readonly output: string;
  /** Texts behind `--set`. */
  readonly overrides: readonly string[];
  /** Whether to print nothing but warnings and errors. */
  readonly quiet: boolean;
}

/** What a replay left behind. */
export interface ReplayResult {
  /** The summary, for people. */
  readonly summary: string;
  /** The signal that ended it early, if one did. */
  readonly signal: NodeJS.Signals | undefined;
  /** Whether every output took what it was given; a full disk, say, makes an output refuse. */
  readonly complete: boolean;
}

/**
 * Puts a capture through a format into a file or onto standard output. A file that is there already is
 * replaced once the capture, the format and the file are open.
 * @throws CamflowError
 */
export async function replay(request: ReplayRequest, container: DependencyContainer): Promise<ReplayResult> {
  const log = resolve(container, tokens.loggerFactory)('warn');
  const planned = await planRun(asConfiguration(request, container), resolve(container, tokens.builtins));
  logWarnings(planned.warnings, log);
  const file = path.resolve(request.output);
  const beforeReading = async (): Promise<void> => {
    // By `--set` it may go elsewhere.
    if (planned.places.get('log') === file) await emptyFile(file);
  };
  const run = resolve(container, tokens.createRun)(planned.plan, { log, beforeReading });
  const { report, signal } = await runToEnd(run, request.quiet ? undefined : process.stderr);
  const complete = isComplete(report);
  return { summary: describeRun(report, planned.places), signal, complete };
}

/** The request in the words of camflowd.ini, so that `--set` reaches every option of every plugin. */
function asConfiguration(request: ReplayRequest, container: DependencyContainer): ConfigurationRequest {
  const output = outputOf(request);
  const overrides = [
    'general.source=replay',
    `general.format=${request.format}`,
    `general.output=${output}`,
    `replay.path=${path.resolve(request.path)}`,
    ...(output === 'stdout' ? [] : [`${output}.path=${path.resolve(request.output)}`, `${output}.sync=none`]),
    ...request.overrides,
  ];
  return { overrides, environment: resolve(container, tokens.environment) };
}

/** Raw records need the container that a capture file is; everything else is text. */
function outputOf(request: ReplayRequest): 'stdout' | 'capture' | 'log' {
  if (request.output === '-') return 'stdout';
  return request.format === 'raw' ? 'capture' : 'log';
}

/** The log output appends; a replay starts anew. The output is open by now, so the file is there. */
async function emptyFile(file: string): Promise<void> {
  if ((await stat(file)).isFile()) await truncate(file);
}
