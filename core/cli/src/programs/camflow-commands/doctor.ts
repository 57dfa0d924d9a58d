import { diagnose } from '../../commands/doctor.ts';
import { exitCodes } from '../../exit-codes.ts';
import type { AddCommand } from './camflow-command.ts';

/** `camflow doctor` */
export const addDoctor: AddCommand = (program, { print, endWith }) => {
  program
    .command('doctor')
    .description('say what capture needs, what of it this machine has, and what would be used')
    .action(() => {
      const { text, ok } = diagnose();
      print(text);
      if (!ok) endWith(exitCodes.unavailable);
    });
};
