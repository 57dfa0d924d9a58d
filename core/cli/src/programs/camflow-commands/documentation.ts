import { CamflowError } from '@camflow/api';
import { camconfdManual } from '../../control/generate/camconfd-manual.ts';
import { camflowManual } from '../../control/generate/camflow-manual.ts';
import { camflowdManual } from '../../control/generate/camflowd-manual.ts';
import { bashCompletion, zshCompletion } from '../../control/generate/completion.ts';
import { camconfdProgram } from '../camconfd-program.ts';
import { camflowdProgram } from '../camflowd-program.ts';
import type { AddCommand } from './camflow-command.ts';

/** `camflow completion`, `camflow manual` */
export const addDocumentation: AddCommand = (program, { container, print }) => {
  const commands = (): (readonly [string, string])[] =>
    program.commands.map((each) => [each.name(), each.description()] as const);
  const manuals: ReadonlyMap<string, () => string> = new Map([
    ['camflow', () => camflowManual(commands())],
    ['camconfd', () => camconfdManual(camconfdProgram(container))],
    ['camflowd', () => camflowdManual(camflowdProgram(container))],
  ]);
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
    .argument('[program]', 'camflow, camconfd or camflowd', 'camflow')
    .action((name: string) => {
      const manual = manuals.get(name);
      if (manual === undefined) {
        throw new CamflowError('USAGE', `There is no manual of ${name.slice(0, 80)}`, {
          hint: `Use ${[...manuals.keys()].join(', ')}.`,
        });
      }
      print(manual().trimEnd());
    });
};
