import { demo } from '../../commands/demo.ts';
import type { AddCommand } from './camflow-command.ts';

/** `camflow demo` */
export const addDemo: AddCommand = (program, { container, print }) => {
  program
    .command('demo')
    .description('replay the bundled capture into a PROV-JSON log, and say what to try next')
    .action(async () => print(await demo(container)));
};
