import { CamflowError } from '@camflow/api';
import { parseDuration } from '../../commands/duration.ts';
import { record } from '../../commands/record.ts';
import { collect } from '../run-program.ts';
import { type AddCommand, setOption } from './camflow-command.ts';

interface RecordOptions {
  readonly all: boolean;
  readonly user?: string;
  readonly argumentBytes?: string;
  readonly environment: boolean;
  readonly for?: number;
  readonly propagate: boolean;
  readonly format: string;
  readonly channel?: string;
  readonly output: string;
  readonly set: readonly string[];
  readonly quiet: boolean;
}

/** `camflow record` */
export const addRecord: AddCommand = (program, { container, endWith }) => {
  program
    .command('record')
    .description('record a command and everything that descends from it, or the whole system')
    .argument('[command...]', 'program and arguments, after --')
    .option('-a, --all', 'record the whole system instead of a command', false)
    .option('--for <duration>', 'with --all, how long: 10s, 5m; else until Ctrl-C', parseDuration)
    .option('-p, --propagate', 'record whatever the data of the command reaches, too', false)
    .option('-u, --user <name>', 'run the command as this user; under sudo, the default is who called it')
    .option('-f, --format <format>', 'w3c, spade_json, raw, a package or a path', 'w3c')
    .option(
      '-o, --output <file>',
      'file to write; - for standard output, the output of the command then goes to standard error',
      'camflow.prov.jsonl',
    )
    .option('--channel <name>', 'record by a channel of this name, beside whatever else records')
    .option('--argument-bytes <n>', 'keep this much of one argument or environment string; the rest is cut')
    .option('--no-environment', 'leave out the environment of programs')
    .option(...setOption, collect, [])
    .option('-q, --quiet', 'print no summary', false)
    .passThroughOptions()
    .action(async (command: readonly string[], options: RecordOptions) => {
      if (options.all === command.length > 0) {
        throw new CamflowError('USAGE', 'Name a command after --, or say --all', {
          hint: 'For example: camflow record -- make',
        });
      }
      if (options.for !== undefined && !options.all) {
        throw new CamflowError('USAGE', '--for belongs to --all', { hint: 'A command ends by itself.' });
      }
      const { user, propagate, format, channel, output, argumentBytes, set, for: forMs } = options;
      const asked = { command, user, propagate, forMs, format, channel, output, argumentBytes };
      const withEnvironment = options.environment;
      const result = await record({ ...asked, withEnvironment, overrides: set }, container);
      if (!options.quiet) process.stderr.write(`${result.summary}\n`);
      if (result.problem !== undefined) process.stderr.write(`camflow: ${result.problem}\n`);
      endWith(result.status);
    });
};
