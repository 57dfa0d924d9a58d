import { readFileSync } from 'node:fs';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { describeError } from '@camflow/api';
import type { Environment } from '@camflow/config';
import { errnoName, type UserAccount } from '@camflow/kernel';
import type { GivenBytes } from './given-bytes.ts';
import { type StartedCommand, startCommand } from './start-command.ts';

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Why it never ran; its status is then that of a shell. */
  readonly problem?: string;
}

/** A command and what it is given. */
export interface Command {
  /** Program and arguments. */
  readonly words: readonly string[];
  /** Undefined for the user of this process. */
  readonly user: UserAccount | undefined;
  readonly environment: Environment;
  /** Program, arguments and environment where text does not do for them; undefined where it does. */
  readonly bytes?: GivenBytes | undefined;
  /** Descriptors above 2 to hand on, under their own numbers. */
  readonly descriptors: readonly number[];
  /** Whether its standard output joins its standard error: our own goes somewhere else. */
  readonly outputToError: boolean;
  /**
   * Whether a signal, by its number, that came to this process reached the command, whose process that is, by itself;
   * undefined where that is not known. Default: not known.
   */
  readonly reached?: ((command: number, signal: number) => boolean | undefined) | undefined;
}

const [notExecutable, notFound] = [126, 127];
/** Those of a terminal reach the command by themselves: its process group is ours. */
const terminalSignals: ReadonlySet<NodeJS.Signals> = new Set(['SIGINT', 'SIGQUIT']);
const passedOn: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];
/** Who is sent a signal after us, by somebody who sends it to each of a group, has it by then. */
const settledMs = 20;

/**
 * Runs a command on our own terminal, in our own working directory and process group, and waits for its end.
 * @param around - calls what it is given exactly once, in the same turn: that starts the command
 */
export async function runCommand(
  command: Command,
  around: (start: () => StartedCommand) => StartedCommand,
): Promise<CommandEnd> {
  let child: StartedCommand | undefined;
  let over = false;
  const passOn = async (signal: NodeJS.Signals): Promise<void> => {
    await sleep(settledMs);
    // The signal may have ended it meanwhile: then there is nobody to ask about, and nobody who answers.
    if (over || child?.pid === undefined) return;
    const reached = command.reached?.(child.pid, constants.signals[signal]);
    if (!(reached ?? (terminalSignals.has(signal) && isInForeground()))) child.kill(signal);
  };
  const onSignal = (signal: NodeJS.Signals): void => void passOn(signal);
  // Before the command is there: it may be quicker than we are, and its end must find us.
  for (const signal of passedOn) process.on(signal, onSignal);
  try {
    child = around(() => startCommand(command));
    return await child.ended;
  } catch (error) {
    return notRun(command, error);
  } finally {
    over = true;
    for (const signal of passedOn) process.off(signal, onSignal);
  }
}

function notRun({ words }: Command, error: unknown): CommandEnd {
  const code = errnoName(error);
  const [status, why] =
    code === 'ENOENT'
      ? [notFound, 'there is no such program']
      : [notExecutable, code === 'EACCES' ? 'it may not be executed' : describeError(error)];
  return { code: status, signal: null, problem: `${words[0]} cannot be run: ${why}` };
}

/** Whether our process group has the terminal: then a signal of its keys has gone to the command too. */
function isInForeground(): boolean {
  try {
    const stat = readFileSync('/proc/self/stat', 'utf8');
    const [, , group, , , foreground] = stat.slice(stat.lastIndexOf(')') + 1).split(' ');
    return group === foreground;
  } catch {
    return true;
  }
}
