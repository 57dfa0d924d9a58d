import { loadRecorderConfiguration } from '@camflow/config';
import { describePlugins } from '../../commands/list-plugins.ts';
import { resolve, tokens } from '../../composition/tokens.ts';
import { collect } from '../run-program.ts';
import { type AddCommand, setOption } from './camflow-command.ts';

interface PluginsOptions {
  readonly config?: string;
  readonly set: readonly string[];
  readonly options: boolean;
}

/** `camflow plugins` */
export const addPlugins: AddCommand = (program, { container, print }) => {
  program
    .command('plugins')
    .description('list the plugins that are there')
    .option('--config <file>', 'take plugin_path from this file')
    .option(...setOption, collect, [])
    .option('--options', 'list the options of each plugin too', false)
    .action(async ({ config, set, options }: PluginsOptions) => {
      const environment = resolve(container, tokens.environment);
      const { general } = await loadRecorderConfiguration({ path: config, overrides: set, environment });
      print(await describePlugins(resolve(container, tokens.builtins), general.pluginPath, options));
    });
};
