import { verifyLogs } from '@camflow/sink-log';
import { exitCodes } from '../../exit-codes.ts';
import { formatBytes } from '../../report/numbers.ts';
import type { AddCommand } from './camflow-command.ts';

/** `camflow verify` */
export const addVerify: AddCommand = (program, { print, endWith }) => {
  program
    .command('verify')
    .description('tell whether logs that were written with chain=true were changed or removed since')
    .argument('<folder>', 'the folder of the logs')
    .action(async (folder: string) => {
      const { files, problems } = await verifyLogs(folder);
      for (const { path, segment, bytes, problem, statement } of files) {
        const state = statement === undefined ? 'not closed' : `closed ${statement.closed}`;
        if (problem === undefined)
          print(`${path}: file ${segment}, ${formatBytes(bytes)}, ${state}: as written`);
      }
      for (const problem of problems) print(problem);
      if (files.length === 0) print(`${folder} holds no log with a chain`);
      if (problems.length > 0 || files.length === 0) endWith(exitCodes.failed);
    });
};
