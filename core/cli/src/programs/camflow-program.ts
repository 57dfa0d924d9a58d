import path from 'node:path';
import { type OutputLosses, outputLosses } from '@camflow/runtime';
import { Command } from 'commander';
import type { DependencyContainer } from 'tsyringe';
import { spoolFolder } from '../commands/spool-folder.ts';
import { createContainer } from '../composition/container.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { helpJson, helpText } from '../control/generate/help-text.ts';
import { helpAsked, isControl } from '../control/run-control.ts';
import { runControlForAnyUser } from '../control/show-state.ts';
import { exitCodes } from '../exit-codes.ts';
import { version } from '../version.ts';
import type { AddCommand, CommandContext } from './camflow-commands/camflow-command.ts';
import { addConfig } from './camflow-commands/config.ts';
import { addDemo } from './camflow-commands/demo.ts';
import { addDoctor } from './camflow-commands/doctor.ts';
import { addDocumentation } from './camflow-commands/documentation.ts';
import { addPlugins } from './camflow-commands/plugins.ts';
import { addRecord } from './camflow-commands/record.ts';
import { addReplay } from './camflow-commands/replay.ts';
import { addSpool } from './camflow-commands/spool.ts';
import { addTrace } from './camflow-commands/trace.ts';
import { addUnload } from './camflow-commands/unload.ts';
import { addVerify } from './camflow-commands/verify.ts';
import { reportFailure, runProgram } from './run-program.ts';

/** In the order in which the help lists them. */
const commands: readonly AddCommand[] = [
  addDemo,
  addRecord,
  addDoctor,
  addUnload,
  addReplay,
  addTrace,
  addSpool,
  addVerify,
  addPlugins,
  addConfig,
  addDocumentation,
];

/**
 * The program `camflow`: an option that controls capture, as in CamFlow, or one of the commands.
 * @param argv - arguments, without the program
 * @param container - what it works with; by default this machine
 * @returns the exit status
 */
export async function runCamflow(
  argv: readonly string[],
  container: DependencyContainer = createContainer('camflow'),
): Promise<number> {
  let status: number = exitCodes.ok;
  const print = (text: string): void => void process.stdout.write(text);
  const context: CommandContext = {
    container,
    print: (text) => print(`${text}\n`),
    endWith: (given) => {
      status = given;
    },
  };
  const program = new Command('camflow')
    .enablePositionalOptions()
    .description('Whole-system provenance for Linux.')
    .version(version, '-V, --version');
  for (const add of commands) add(program, context);
  const help = argv.length === 0 ? 'text' : helpAsked(argv);
  if (help !== undefined) {
    const described = program.commands.map((each) => [each.name(), each.description()] as const);
    print(help === 'json' ? `${JSON.stringify(helpJson(described))}\n` : helpText(described, wantsColour()));
    return argv.length === 0 ? exitCodes.misconfigured : exitCodes.ok;
  }
  if (!isControl(argv)) return runProgram(program, argv, () => status);
  try {
    const run = {
      open: resolve(container, tokens.openControl),
      accounts: resolve(container, tokens.accounts),
      labels: resolve(container, tokens.labels),
      colour: wantsColour(),
      ...(argv.includes('--drop') &&
        !argv.includes('--channel') && { lostBy: await lostByOutputs(container) }),
    };
    print(await runControlForAnyUser(argv, run, resolve(container, tokens.askState)));
    return exitCodes.ok;
  } catch (error) {
    return reportFailure(program.name(), error);
  }
}

/** From the accounts that outputs keep; none where they cannot be read. */
async function lostByOutputs(container: DependencyContainer): Promise<Map<string, OutputLosses>> {
  const named = await spoolFolder(resolve(container, tokens.environment)).catch(() => undefined);
  return outputLosses(named ?? path.join(resolve(container, tokens.places).stateFolder, 'spool'));
}

/** Only terminals get colours, and not those whose user has none. */
function wantsColour(): boolean {
  const { NO_COLOR, TERM } = process.env;
  return process.stdout.isTTY === true && (NO_COLOR ?? '') === '' && TERM !== 'dumb';
}
