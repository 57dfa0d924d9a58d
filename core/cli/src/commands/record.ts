import { constants } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ConfigurationRequest } from '@camflow/config';
import {
  beginOwnRecording,
  Channel,
  endOwnRecordingAfterwards,
  inheritedDescriptors,
  PinnedCapture,
  SignalNotes,
  type UserAccount,
} from '@camflow/kernel';
import type { Run, RunReport } from '@camflow/runtime';
import type { DependencyContainer } from 'tsyringe';
import { type PlannedRun, planRun } from '../composition/plan-run.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { droppedTotal } from '../report/balance.ts';
import { describeRun } from '../report/summary.ts';
import { callAfter } from './call-after.ts';
import { commandUser, environmentOf } from './command-user.ts';
import { bytesOfCommand } from './given-bytes.ts';
import { logWarnings } from './log-warnings.ts';
import { captureOutput, type RecordOutput, textOutput } from './record-output.ts';
import { type CommandEnd, runCommand } from './run-command.ts';
import { stopOnBrokenPipe } from './stop-on-broken-pipe.ts';
import { type SignalConnection, stopOnSignals } from './stop-on-signals.ts';

/** What `camflow record` is asked to do. */
export interface RecordRequest {
  /** Program and arguments; empty to record the whole system. */
  readonly command: readonly string[];
  /** As whom to run the command; undefined for the user who called sudo, or the one of this process. */
  readonly user: string | undefined;
  /** Whether whatever the command's data reaches is recorded too. */
  readonly propagate: boolean;
  /** How long to record the whole system, in milliseconds; undefined for until a signal comes. */
  readonly forMs: number | undefined;
  readonly format: string;
  /** A channel to record by, beside whatever else records; undefined for the main one. */
  readonly channel: string | undefined;
  /** A file, or `-` for standard output. */
  readonly output: string;
  /** Most bytes of one argument or environment string; undefined for all. */
  readonly argumentBytes: string | undefined;
  /** Whether the environment of programs is recorded. */
  readonly withEnvironment: boolean;
  /** Texts behind `--set`. */
  readonly overrides: readonly string[];
}

/** What a recording left behind. */
export interface RecordResult {
  /** For people. */
  readonly summary: string;
  /** Why the command did not run. */
  readonly problem: string | undefined;
  /** The status to end with: the command's own, 128 and the signal's number where one ended it. */
  readonly status: number;
}

/** Before the command runs, and for the whole system, these end the recording. */
const endingSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Records a command with everything that descends from it, or the whole system for a while. The command runs as it
 * would without: same terminal, signals, working directory, user and status.
 * @throws CamflowError
 */
export async function record(request: RecordRequest, container: DependencyContainer): Promise<RecordResult> {
  const channel = Channel.named(request.channel);
  const descriptors = inheritedDescriptors();
  const environment = resolve(container, tokens.environment);
  const user = commandUser(request.user, environment);
  const log = resolve(container, tokens.loggerFactory)('warn');
  const planned = await planRun(asConfiguration(request, container), resolve(container, tokens.builtins));
  logWarnings(planned.warnings, log);
  const file = ownFile(request, planned, user);
  const beforeReading = async (): Promise<void> => file?.begin();
  const run = resolve(container, tokens.createRun)(planned.plan, { log, beforeReading });
  const signals = stopOnSignals(run, endingSignals);
  const brokenPipe = stopOnBrokenPipe(run);
  let begun = false;
  const begin = (): void => {
    begun = true;
    beginOwnRecording(channel);
  };
  try {
    await run.start().catch((error: unknown) => {
      file?.withdraw();
      throw error;
    });
    const end =
      request.command.length > 0
        ? await recordCommand(run, channel, request, { user, environment, descriptors, begin }, signals)
        : await recordSystem(run, request);
    // What comes from here on can only cut the end of the recording off.
    const signal = signals.received();
    const report = await run.stop();
    const ended = signal ?? (brokenPipe.happened() ? 'SIGPIPE' : undefined);
    return {
      summary: describeRun(report, planned.places),
      problem: end?.problem,
      status: statusOf(request, end, ended, report),
    };
  } catch (error) {
    await run.abort().catch(() => {});
    throw error;
  } finally {
    signals.dispose();
    brokenPipe.dispose();
    file?.close();
    if (begun) endOwnRecordingAfterwards(channel);
  }
}

/** What a command is run with, and what begins the recording of it alone. */
interface CommandSurroundings {
  readonly user: UserAccount | undefined;
  readonly environment: NodeJS.ProcessEnv;
  readonly descriptors: readonly number[];
  begin(): void;
}

/** @returns undefined where a signal came before the command was started */
async function recordCommand(
  run: Run,
  channel: Channel,
  { command, propagate, output }: RecordRequest,
  given: CommandSurroundings,
  signals: SignalConnection,
): Promise<CommandEnd | undefined> {
  const capture = await enabledCapture(run, channel);
  if (capture === undefined) return undefined;
  const notes = new SignalNotes(channel);
  try {
    if (signals.received() !== undefined) return undefined;
    const { user, descriptors } = given;
    const environment = environmentOf(user, given.environment);
    const settings = {
      words: command,
      user,
      environment,
      bytes: bytesOfCommand(command, environment),
      descriptors,
      outputToError: output === '-',
      reached: (child: number, signal: number) =>
        capture.config().enabled === 0n ? undefined : notes.reached(child, signal),
    };
    return await runCommand(settings, (start) => {
      // From here on they are the command's.
      signals.pause();
      given.begin();
      // The command is a child of this process, which has the mark while it is born.
      capture.markChildren(propagate ? 'propagate' : 'tracked');
      try {
        return start();
      } finally {
        capture.markChildren('none');
      }
    });
  } finally {
    signals.resume();
    notes.close();
    capture.close();
  }
}

async function recordSystem(run: Run, { forMs }: RecordRequest): Promise<undefined> {
  const cancel = forMs === undefined ? undefined : callAfter(forMs, () => void run.stop());
  try {
    await run.ended;
  } finally {
    cancel?.();
  }
}

/**
 * Capture as the source enabled it, which it does with its first read, right after the start.
 * @returns undefined where the run ended before
 */
async function enabledCapture(run: Run, channel: Channel): Promise<PinnedCapture | undefined> {
  const capture = new PinnedCapture(channel);
  let over = false;
  const ended = run.ended.finally(() => {
    over = true;
  });
  ended.catch(() => {});
  while (capture.config().recorder !== BigInt(process.pid) || capture.config().enabled === 0n) {
    if (over) {
      capture.close();
      await ended;
      return undefined;
    }
    await sleep(1);
  }
  return capture;
}

/** The command's status; where it says that all went well and not all was recorded, 1 or the signal that ended us. */
function statusOf(
  { command }: RecordRequest,
  end: CommandEnd | undefined,
  ended: NodeJS.Signals | undefined,
  { outputs }: RunReport,
): number {
  const ofSignal = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];
  const own = end === undefined ? 0 : end.signal === null ? (end.code ?? 0) : ofSignal(end.signal);
  if (own !== 0) return own;
  // A signal is how a recording of the whole system is meant to end.
  if (ended !== undefined && (command.length > 0 || ended === 'SIGPIPE')) return ofSignal(ended);
  return outputs.some((balance) => droppedTotal(balance) > (balance.dropped.ring_full ?? 0)) ? 1 : 0;
}

/** The request in the words of camflowd.ini, so that `--set` reaches every option of every plugin. */
function asConfiguration(request: RecordRequest, container: DependencyContainer): ConfigurationRequest {
  const output = outputOf(request);
  const { argumentBytes, withEnvironment } = request;
  const overrides = [
    'general.source=kernel',
    `general.format=${request.format}`,
    `general.output=${output}`,
    'kernel.backend=bpf',
    ...(request.channel === undefined ? [] : [`kernel.channel=${request.channel}`]),
    `kernel.record=${request.command.length > 0 ? 'tracked' : 'all'}`,
    // It is there for one command, and not for whoever else runs programs.
    'kernel.socket=off',
    ...(argumentBytes === undefined ? [] : [`kernel.argument_bytes=${argumentBytes}`]),
    ...(withEnvironment ? [] : ['general.policy=filter', 'filter.node_filter=envp']),
    ...(output === 'stdout' ? [] : [`${output}.path=${path.resolve(request.output)}`]),
    ...request.overrides,
  ];
  return { overrides, environment: resolve(container, tokens.environment) };
}

/** The file that was asked for; undefined where the recording goes elsewhere, also by `--set`. */
function ownFile(
  { output }: RecordRequest,
  { places }: Pick<PlannedRun, 'places'>,
  user: UserAccount | undefined,
): RecordOutput | undefined {
  const file = path.resolve(output);
  if (places.get('log') === file) return textOutput(file, user);
  return user !== undefined && places.get('capture') === file ? captureOutput(file, user) : undefined;
}

/** Raw records need the container that a capture file is; everything else is text. */
function outputOf(request: RecordRequest): 'stdout' | 'capture' | 'log' {
  if (request.output === '-') return 'stdout';
  return request.format === 'raw' ? 'capture' : 'log';
}
