import { CamflowError } from '@camflow/api';
import { parseDuration } from '../../commands/duration.ts';
import { record } from '../../commands/record.ts';
import { collect } from '../run-program.ts';
import { type AddCommand, setOption } from './camflow-command.ts';

interface RecordOptions {
  readonly all: boolean;
  readonly for?: number;
  readonly propagate: boolean;
  readonly format: string;
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
      endWith(result.status);
    });
};
