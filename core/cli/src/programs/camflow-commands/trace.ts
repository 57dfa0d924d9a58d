import { trace } from '../../commands/trace.ts';
import type { AddCommand } from './camflow-command.ts';

interface TraceOptions {
  readonly in: string;
  readonly all: boolean;
}

/** `camflow trace` */
export const addTrace: AddCommand = (program, { print }) => {
  program
    .command('trace')
    .description('follow a file of a recording back to what it was made of, and by whom')
    .argument('<name>', 'path of the file, or the end of it')
    .option('-i, --in <file>', 'recording in PROV-JSON (w3c) or for SPADE (spade_json)', 'camflow.prov.jsonl')
    .option('-a, --all', 'name programs, libraries and devices too', false)
    .action(async (name: string, { in: recording, all: withSystem }: TraceOptions) => {
      print(await trace({ name, recording, withSystem }));
    });
};
