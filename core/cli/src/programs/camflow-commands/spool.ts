import { describeSpools, discardSpool, printSpool } from '../../commands/spool.ts';
import { spoolFolder } from '../../commands/spool-folder.ts';
import { resolve, tokens } from '../../composition/tokens.ts';
import { rootSpoolDir } from '../../daemon/spool-dir.ts';
import type { AddCommand } from './camflow-command.ts';

interface Place {
  readonly spoolDir?: string;
  readonly config?: string;
}

/** `camflow spool`: what waits for outputs. */
export const addSpool: AddCommand = (program, { container, print }) => {
  const spool = program.command('spool').description('look at what waits for outputs on the disk');
  const at = (name: string, summary: string) =>
    spool
      .command(name)
      .description(summary)
      .option('--spool-dir <folder>', 'the folder of the spools')
      .option('--config <file>', 'take spool_dir from this file (default: /etc/camflowd.ini)');

  async function folderOf({ spoolDir, config }: Place): Promise<string> {
    return spoolDir ?? (await spoolFolder(resolve(container, tokens.environment), config)) ?? rootSpoolDir;
  }

  at('ls', 'list the spools, with what waits in them').action(async (place: Place) => {
    print(await describeSpools(await folderOf(place)));
  });
  at('cat', 'print the units that wait for an output, and leave them there')
    .argument('<output>', 'name of the output')
    .action(async (output: string, place: Place) => {
      await printSpool(await folderOf(place), output, process.stdout);
    });
  at('rm', 'remove what waits for an output')
    .argument('<output>', 'name of the output')
    .action(async (output: string, place: Place) => {
      print(await discardSpool(await folderOf(place), output));
    });
};
