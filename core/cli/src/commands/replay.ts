import { truncate } from 'node:fs/promises';
import path from 'node:path';
import type { ConfigurationRequest } from '@camflow/config';
import type { DependencyContainer } from 'tsyringe';
import { planRun } from '../composition/plan-run.ts';
import { resolve, tokens } from '../composition/tokens.ts';
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
  /** Whether to print nothing but errors. */
  readonly quiet: boolean;
}

/** What a replay left behind. */
export interface ReplayResult {
  /** The summary, for people. */
  readonly summary: string;
  /** The signal that ended it early, if one did. */
  readonly signal: NodeJS.Signals | undefined;
}

/**
 * Puts a capture through a format into a file or onto standard output. A file that is there already is
 * replaced once everything is known to be in order.
 * @throws CamflowError
 */
export async function replay(request: ReplayRequest, container: DependencyContainer): Promise<ReplayResult> {
  const log = resolve(container, tokens.loggerFactory)(request.quiet ? 'error' : 'warn');
  const planned = await planRun(asConfiguration(request, container), resolve(container, tokens.builtins));
  logWarnings(planned.warnings, log);
  if (outputOf(request) === 'log') await emptyFile(path.resolve(request.output));
  const run = resolve(container, tokens.createRun)(planned.plan, { log });
  const { report, signal } = await runToEnd(run, request.quiet ? undefined : process.stderr);
  return { summary: describeRun(report, planned.places), signal };
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

/** The log output appends; a replay starts anew. */
async function emptyFile(file: string): Promise<void> {
  try {
    await truncate(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
}
