import { constants } from 'node:os';
import { replay } from '../../commands/replay.ts';
import { exitCodes } from '../../exit-codes.ts';
import { collect } from '../run-program.ts';
import { type AddCommand, setOption } from './camflow-command.ts';

interface ReplayOptions {
  readonly format: string;
  readonly output: string;
  readonly set: readonly string[];
  readonly quiet: boolean;
}

/** `camflow replay` */
export const addReplay: AddCommand = (program, { container, endWith }) => {
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
      if (!result.complete) endWith(exitCodes.failed);
      if (result.signal !== undefined) endWith(128 + constants.signals[result.signal]);
    });
};
