import { describeError } from '@camflow/api';
import { type Command, CommanderError } from 'commander';
import { exitCodeOf, exitCodes } from '../exit-codes.ts';

/** Collects an option that may be given more than once. */
export function collect(value: string, earlier: readonly string[]): readonly string[] {
  return [...earlier, value];
}

/**
 * Parses a command line and runs what it asks for. Every failure becomes one sentence on standard error and an
 * exit status; no stack trace reaches a user.
 * @param status - the exit status of what was run, asked for at the end
 * @returns the exit status
 */
export async function runProgram(
  program: Command,
  argv: readonly string[],
  status: () => number = () => exitCodes.ok,
): Promise<number> {
  program.exitOverride();
  program.showSuggestionAfterError(true);
  try {
    await program.parseAsync([...argv], { from: 'user' });
    return status();
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.ok : exitCodes.misconfigured;
    return reportFailure(program.name(), error);
  }
}

/** Says what failed, in one sentence on standard error. @returns the exit status */
export function reportFailure(program: string, error: unknown): number {
  process.stderr.write(`${program}: ${describeError(error)}\n`);
  if (process.env['CAMFLOW_DEBUG'] === '1' && error instanceof Error)
    process.stderr.write(`${error.stack}\n`);
  return exitCodeOf(error);
}
