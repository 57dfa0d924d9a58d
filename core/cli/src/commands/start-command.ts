import { type StdioOptions, spawn } from 'node:child_process';
import { once } from 'node:events';
import { asUser, spawnBytes, withCallersFileLimit } from '@camflow/kernel';
import type { Command } from './run-command.ts';

/** A command that was started. */
export interface StartedCommand {
  /** Undefined where it could not be started. */
  readonly pid: number | undefined;
  /** Sends it a signal; nothing where it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** How it ended; rejects with a system error where it could not be started. */
  readonly ended: Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }>;
}

/**
 * Starts a command as its user, with our terminal and the limit of open files that we were started with.
 * @throws an error with an errno where it cannot be started
 */
export function startCommand(command: Command): StartedCommand {
  const { user, bytes } = command;
  const start = bytes === undefined ? () => startText(command) : () => startBytes(command, bytes);
  const started = (): StartedCommand => withCallersFileLimit(start);
  return user === undefined ? started() : asUser(user, started);
}

function startText({ words, environment, descriptors, outputToError }: Command): StartedCommand {
  const [program, ...args] = words;
  const stdio: StdioOptions = ['inherit', outputToError ? 2 : 'inherit', 'inherit'];
  for (const fd of descriptors) {
    while (stdio.length < fd) stdio.push('ignore');
    stdio[fd] = fd;
  }
  const child = spawn(program!, args, { stdio, env: environment });
  const ended = once(child, 'exit').then(([code, signal]) => ({ code, signal }));
  return { pid: child.pid, kill: (signal) => void child.kill(signal), ended };
}

/** All that node's own way takes is text, and text is what it makes of bytes that are none. */
function startBytes(
  { descriptors, outputToError }: Command,
  bytes: NonNullable<Command['bytes']>,
): StartedCommand {
  const terminal = [[0, 0] as const, [outputToError ? 2 : 1, 1] as const, [2, 2] as const];
  const others = descriptors.map((fd) => [fd, fd] as const);
  return spawnBytes({ ...bytes, descriptors: [...terminal, ...others] });
}
