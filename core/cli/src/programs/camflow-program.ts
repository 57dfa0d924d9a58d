import { constants } from 'node:os';
import { CamflowError } from '@camflow/api';
import { loadRecorderConfiguration } from '@camflow/config';
import { unloadCapture as unload } from '@camflow/kernel';
import { Command } from 'commander';
import { checkConfigurationFile } from '../commands/check-configuration.ts';
import { demo } from '../commands/demo.ts';
import { diagnose } from '../commands/doctor.ts';
import { parseDuration } from '../commands/duration.ts';
import { describePlugins } from '../commands/list-plugins.ts';
import { record } from '../commands/record.ts';
import { replay } from '../commands/replay.ts';
import { createContainer } from '../composition/container.ts';
import { resolve, tokens } from '../composition/tokens.ts';
import { exitCodes } from '../exit-codes.ts';
import { version } from '../version.ts';
import { collect, runProgram } from './run-program.ts';

const print = (text: string): void => void process.stdout.write(`${text}\n`);
const setOption = ['--set <section.key=value>', 'set any option, as a configuration file would'] as const;

interface RecordOptions {
  readonly all: boolean;
  readonly for?: number;
  readonly propagate: boolean;
  readonly format: string;
  readonly output: string;
  readonly set: readonly string[];
  readonly quiet: boolean;
}

interface ReplayOptions {
  readonly format: string;
  readonly output: string;
  readonly set: readonly string[];
  readonly quiet: boolean;
}

/**
 * The program `camflow`.
 * @param argv - arguments, without the program
 * @returns the exit status
 */
export function runCamflow(argv: readonly string[]): Promise<number> {
  const container = createContainer('camflow');
  const builtins = resolve(container, tokens.builtins);
  const environment = resolve(container, tokens.environment);
  let status: number = exitCodes.ok;
  const program = new Command('camflow')
    .enablePositionalOptions()
    .description('Whole-system provenance for Linux.')
    .version(version, '-V, --version');

  program
    .command('demo')
    .description('replay the bundled capture into a PROV-JSON log, and say what to try next')
    .action(async () => print(await demo(container)));

  program
    .command('record')
    .description('record a command and everything that descends from it, or the whole system')
    .argument('[command...]', 'program and arguments, after --')
    .option('-a, --all', 'record the whole system instead of a command', false)
    .option('--for <duration>', 'with --all, how long: 10s, 5m; else until Ctrl-C', parseDuration)
    .option('-p, --propagate', 'record whatever the data of the command reaches, too', false)
    .option('-f, --format <format>', 'w3c, spade_json, raw, a package or a path', 'w3c')
    .option('-o, --output <file>', 'file to write, or - for standard output', 'camflow.prov.jsonl')
    .option(...setOption, collect, [])
    .option('-q, --quiet', 'print no summary', false)
    .passThroughOptions()
    .action(async (command: readonly string[], options: RecordOptions) => {
      if (options.all === command.length > 0) {
        throw new CamflowError('USAGE', 'Name a command after --, or say --all', {
          hint: 'For example: camflow record -- make',
        });
      }
      const { propagate, format, output, set, for: forMs } = options;
      const result = await record({ command, propagate, forMs, format, output, overrides: set }, container);
      if (!options.quiet) process.stderr.write(`${result.summary}\n`);
      status = result.status;
    });

  program
    .command('doctor')
    .description('say what capture needs, what of it this machine has, and what would be used')
    .action(() => {
      const { text, ok } = diagnose();
      print(text);
      if (!ok) status = exitCodes.unavailable;
    });

  program
    .command('unload')
    .description('remove the BPF programs from the kernel')
    .action(() => print(unload() ? 'The BPF programs are removed.' : 'No BPF programs were loaded.'));

  program
    .command('replay')
    .description('put a capture file, or a folder of raw relay bytes, through a format')
    .argument('<path>', 'capture file or folder')
    .option('-f, --format <format>', 'w3c, spade_json, raw, a package or a path', 'w3c')
    .option('-o, --output <file>', 'file to write, or - for standard output', '-')
    .option(...setOption, collect, [])
    .option('-q, --quiet', 'print no progress and no summary', false)
    .action(async (path: string, options: ReplayOptions) => {
      const { format, output, set, quiet } = options;
      const result = await replay({ path, format, output, overrides: set, quiet }, container);
      if (!quiet && result.signal !== 'SIGPIPE') process.stderr.write(`${result.summary}\n`);
      if (!result.complete) status = exitCodes.failed;
      if (result.signal !== undefined) status = 128 + constants.signals[result.signal];
    });

  program
    .command('plugins')
    .description('list the plugins that are there')
    .option('--config <file>', 'take plugin_path from this file')
    .option(...setOption, collect, [])
    .option('--options', 'list the options of each plugin too', false)
    .action(
      async ({ config, set, options }: { config?: string; set: readonly string[]; options: boolean }) => {
        const { general } = await loadRecorderConfiguration({ path: config, overrides: set, environment });
        print(await describePlugins(builtins, general.pluginPath, options));
      },
    );

  const config = program.command('config').description('look at configuration files');
  config
    .command('check')
    .description('check a camflowd.ini or camflow.ini, and print every problem with its line')
    .argument('<file>', 'the file')
    .option('--strict', 'fail on unknown sections and keys too', false)
    .action(async (path: string, { strict }: { strict: boolean }) => {
      status = await checkConfigurationFile({ path, environment }, strict, builtins, print);
    });

  return runProgram(program, argv, () => status);
}
