import { type ChildProcess, spawn } from 'node:child_process';
import { CamflowError } from '@camflow/api';

/** How a command ended. */
export interface CommandEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** Signals of a terminal reach the command by themselves: its process group is ours. */
const terminalSignals: readonly NodeJS.Signals[] = ['SIGINT', 'SIGQUIT'];
const passedOn: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'];

/**
 * Runs a command on our own terminal, in our own working directory, and waits for its end. Under sudo it runs as the
 * user who called sudo.
 * @param around - calls what it is given exactly once, in the same turn: that starts the command
 * @throws CamflowError `USAGE` where there is no such program
 */
export async function runCommand(
  command: readonly string[],
  around: (start: () => ChildProcess) => ChildProcess,
): Promise<CommandEnd> {
  const [program, ...args] = command;
  const child = around(() => spawn(program!, args, { stdio: 'inherit', ...callingUser() }));
  const ignore = (): void => {};
  const passOn = (signal: NodeJS.Signals): void => void child.kill(signal);
  for (const signal of terminalSignals) process.on(signal, ignore);
  for (const signal of passedOn) process.on(signal, passOn);
  try {
    return await new Promise<CommandEnd>((resolve, reject) => {
      child.on('error', (cause) => {
        reject(new CamflowError('USAGE', `${program} cannot be run`, { cause }));
      });
      child.on('exit', (code, signal) => resolve({ code, signal }));
    });
  } finally {
    for (const signal of terminalSignals) process.off(signal, ignore);
    for (const signal of passedOn) process.off(signal, passOn);
  }
}

function callingUser(): { uid?: number; gid?: number } {
  const { SUDO_UID: uid, SUDO_GID: gid } = process.env;
  if (process.getuid?.() !== 0 || uid === undefined || gid === undefined) return {};
  return { uid: Number(uid), gid: Number(gid) };
}
