import { Command } from 'commander';
import { createContainer } from '../composition/container.ts';
import { exitCodes } from '../exit-codes.ts';
import { version } from '../version.ts';
import type { AddCommand, CommandContext } from './camflow-commands/camflow-command.ts';
import { addConfig } from './camflow-commands/config.ts';
import { addDemo } from './camflow-commands/demo.ts';
import { addDoctor } from './camflow-commands/doctor.ts';
import { addPlugins } from './camflow-commands/plugins.ts';
import { addRecord } from './camflow-commands/record.ts';
import { addReplay } from './camflow-commands/replay.ts';
import { addUnload } from './camflow-commands/unload.ts';
import { runProgram } from './run-program.ts';

/** In the order in which the help lists them. */
const commands: readonly AddCommand[] = [
  addDemo,
  addRecord,
  addDoctor,
  addUnload,
  addReplay,
  addPlugins,
  addConfig,
];

/**
 * The program `camflow`.
 * @param argv - arguments, without the program
 * @returns the exit status
 */
export function runCamflow(argv: readonly string[]): Promise<number> {
  let status: number = exitCodes.ok;
  const context: CommandContext = {
    container: createContainer('camflow'),
    print: (text) => void process.stdout.write(`${text}\n`),
    endWith: (given) => {
      status = given;
    },
  };
  const program = new Command('camflow')
    .enablePositionalOptions()
    .description('Whole-system provenance for Linux.')
    .version(version, '-V, --version');
  for (const add of commands) add(program, context);
  return runProgram(program, argv, () => status);
}
