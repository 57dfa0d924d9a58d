import { unloadCapture } from '@camflow/kernel';
import type { AddCommand } from './camflow-command.ts';

/** `camflow unload` */
export const addUnload: AddCommand = (program, { print }) => {
  program
    .command('unload')
    .description('remove the BPF programs from the kernel')
    .action(() => print(unloadCapture() ? 'The BPF programs are removed.' : 'No BPF programs were loaded.'));
};
