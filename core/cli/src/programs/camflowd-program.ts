import { defaultRecorderFile } from '@camflow/config';
import { Command } from 'commander';
import type { DependencyContainer } from 'tsyringe';
import { createContainer } from '../composition/container.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { runDaemon } from '../daemon/run-daemon.ts';
import { exitCodes } from '../exit-codes.ts';
import { version } from '../version.ts';
import { collect, runProgram } from './run-program.ts';

interface DaemonOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly once: boolean;
}

/**
 * The program `camflowd`: records until it is told to stop, in the foreground.
 * @param argv - arguments, without the program
 * @returns the exit status
 */
export function runCamflowd(argv: readonly string[]): Promise<number> {
  let status: number = exitCodes.ok;
  const program = camflowdProgram(createContainer('camflowd'), (given) => {
    status = given;
  });
  return runProgram(program, argv, () => status);
}

/**
 * Its command line, which the manual is made from.
 * @param endWith - takes the exit status where it is not 0
 */
export function camflowdProgram(
  container: DependencyContainer,
  endWith: (status: number) => void = () => {},
): Command {
  const environment = resolve(container, tokens.environment);
  return new Command('camflowd')
    .description(
      'Records provenance, in the foreground, until SIGTERM. SIGHUP reads the configuration again and opens files anew.',
    )
    .version(version, '-V, --version')
    .option('--config <file>', 'configuration file (default: /etc/camflowd.ini, where it exists)')
    .option('--set <section.key=value>', 'set any option, as the configuration file would', collect, [])
    .option('--once', 'end when the source ends', false)
    .action(async ({ config, set, once }: DaemonOptions) => {
      const path = config ?? (await defaultRecorderFile());
      const complete = await runDaemon(
        { configuration: { path, overrides: set, environment }, once },
        container,
      );
      if (once && !complete) endWith(exitCodes.failed);
    });
}
