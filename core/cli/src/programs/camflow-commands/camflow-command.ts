import type { Command } from 'commander';
import type { DependencyContainer } from 'tsyringe';

/** What the commands of `camflow` share. */
export interface CommandContext {
  readonly container: DependencyContainer;
  /** Prints a text and a newline on standard output. */
  readonly print: (text: string) => void;
  /** Sets the exit status of the program; 0 unless a command says otherwise. */
  readonly endWith: (status: number) => void;
}

/** Adds one command to the program. */
export type AddCommand = (program: Command, context: CommandContext) => void;

/** The option that reaches every option of every plugin. */
export const setOption = [
  '--set <section.key=value>',
  'set any option, as a configuration file would',
] as const;
