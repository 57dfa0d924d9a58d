import { CamflowError } from '@camflow/api';
import { Channel, unloadCapture } from '@camflow/kernel';
import type { AddCommand } from './camflow-command.ts';

interface UnloadOptions {
  readonly channel?: string;
  readonly all: boolean;
}

/** `camflow unload` */
export const addUnload: AddCommand = (program, { print }) => {
  program
    .command('unload')
    .description('remove the BPF programs from the kernel')
    .option('--channel <name>', 'those of this channel; without it, the main ones')
    .option('--all', 'those of every channel', false)
    .action(({ channel: name, all }: UnloadOptions) => {
      if (all && name !== undefined) {
        throw new CamflowError('USAGE', '--all means every channel', { hint: 'Give --channel or --all.' });
      }
      if (!all) {
        print(unloadOne(Channel.named(name)));
        const left = Channel.all().flatMap((channel) => channel.name ?? []);
        if (left.length > 0) print(`Still there: ${left.map((each) => `channel ${each}`).join(', ')}.`);
        return;
      }
      const channels = Channel.all();
      print((channels.length > 0 ? channels : [Channel.main]).map(unloadOne).join('\n'));
    });
};

function unloadOne(channel: Channel): string {
  const removed = unloadCapture(channel);
  if (channel.name === undefined)
    return removed ? 'The BPF programs are removed.' : 'No BPF programs were loaded.';
  return removed ? `Channel ${channel.name} is removed.` : `There was no channel ${channel.name}.`;
}
