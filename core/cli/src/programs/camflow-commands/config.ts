import { checkConfigurationFile } from '../../commands/check-configuration.ts';
import { resolve, tokens } from '../../composition/tokens.ts';
import type { AddCommand } from './camflow-command.ts';

/** `camflow config` */
export const addConfig: AddCommand = (program, { container, print, endWith }) => {
  const config = program.command('config').description('look at configuration files');
  config
    .command('check')
    .description('check a camflowd.ini or camflow.ini, and print every problem with its line')
    .argument('<file>', 'the file')
    .option('--strict', 'fail on unknown sections and keys too', false)
    .action(async (path: string, { strict }: { strict: boolean }) => {
      const environment = resolve(container, tokens.environment);
      const builtins = resolve(container, tokens.builtins);
      endWith(await checkConfigurationFile({ path, environment }, strict, builtins, print));
    });
};
