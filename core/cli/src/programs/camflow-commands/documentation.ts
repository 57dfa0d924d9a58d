import { CamflowError } from '@camflow/api';
import { camconfdManual } from '../../control/generate/camconfd-manual.ts';
import { camflowManual } from '../../control/generate/camflow-manual.ts';
import { bashCompletion, zshCompletion } from '../../control/generate/completion.ts';
import { camconfdProgram } from '../camconfd-program.ts';
import type { AddCommand } from './camflow-command.ts';

/** `camflow completion`, `camflow manual` */
export const addDocumentation: AddCommand = (program, { container, print }) => {
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
    .argument('[program]', 'camflow or camconfd', 'camflow')
    .action((name: string) => {
      if (name === 'camflow') print(camflowManual(commands()).trimEnd());
      else if (name === 'camconfd') print(camconfdManual(camconfdProgram(container)).trimEnd());
      else throw new CamflowError('USAGE', `There is no manual of ${name.slice(0, 80)}`);
    });
};
