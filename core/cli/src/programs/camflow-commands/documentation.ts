import { CamflowError } from '@camflow/api';
import { camflowManual } from '../../control/generate/camflow-manual.ts';
import { bashCompletion, zshCompletion } from '../../control/generate/completion.ts';
import type { AddCommand } from './camflow-command.ts';

/** `camflow completion`, `camflow manual` */
export const addDocumentation: AddCommand = (program, { print }) => {
  const commands = (): (readonly [string, string])[] =>
    program.commands.map((each) => [each.name(), each.description()] as const);
  program
    .command('completion')
    .description('print a completion script for a shell')
    .argument('<shell>', 'bash or zsh')
    .action((shell: string) => {
      if (shell === 'bash') print(bashCompletion(commands()).trimEnd());
      else if (shell === 'zsh') print(zshCompletion(commands()).trimEnd());
      else
        throw new CamflowError('USAGE', `There is no completion for ${shell.slice(0, 80)}`, {
          hint: 'Use bash or zsh.',
        });
    });
  program
    .command('manual')
    .description('print the manual page, for `man -l -`')
    .action(() => print(camflowManual(commands()).trimEnd()));
};
