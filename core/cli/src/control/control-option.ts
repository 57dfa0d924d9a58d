import { CamflowError } from '@camflow/api';
import type { ControlContext, Outcome } from './control-context.ts';
import type { Parameter } from './parameter.ts';

/** Heads under which the manual lists options. */
export type OptionGroup = 'State' | 'Capture' | 'Files' | 'Processes' | 'Rules' | 'Filters' | 'Recording';

/** One option of the command line. The help, the manual and the completions are made from these. */
export interface ControlOption {
  /** As it is typed: `--track-file`. */
  readonly flag: string;
  readonly group: OptionGroup;
  /** One sentence in lower case, with its full stop, as CamFlow has them. */
  readonly summary: string;
  readonly parameters: readonly Parameter<unknown>[];
  /** Whether it only looks: programs need not be loaded for it. */
  readonly looks: boolean;
  /**
   * Checks the arguments; nothing is done yet.
   * @returns what does it
   * @throws CamflowError `USAGE` or `CONFIG_BAD_VALUE`
   */
  readonly prepare: (args: readonly string[]) => (context: ControlContext) => Outcome;
}

type Parsed<Parameters extends readonly Parameter<unknown>[]> = {
  [Index in keyof Parameters]: Parameters[Index] extends Parameter<infer Value> ? Value : never;
};

/** Options that change nothing. */
const lookers: ReadonlySet<string> = new Set(['-v', '-s', '-c', '-p', '--drop', '--file', '--process']);

/** Declares an option. */
export function option<const Parameters extends readonly Parameter<unknown>[]>(
  group: OptionGroup,
  flag: string,
  summary: string,
  parameters: Parameters,
  run: (context: ControlContext, ...values: Parsed<Parameters>) => Outcome,
): ControlOption {
  return {
    flag,
    group,
    summary,
    parameters,
    looks: lookers.has(flag),
    prepare: (args) => {
      checkCount(flag, parameters, args);
      const values = parameters.map((parameter, index) => parameter.parse(args[index]!));
      return (context) => run(context, ...(values as unknown as Parsed<Parameters>));
    },
  };
}

function checkCount(flag: string, parameters: readonly Parameter<unknown>[], args: readonly string[]): void {
  if (args.length === parameters.length) return;
  const usage = [`camflow ${flag}`, ...parameters.map(({ name }) => `<${name}>`)].join(' ');
  const problem =
    args.length < parameters.length
      ? `${flag} needs <${parameters[args.length]!.name}>`
      : `${flag} does not take "${args[parameters.length]!.slice(0, 80)}"`;
  throw new CamflowError('USAGE', problem, { hint: `Write: ${usage}` });
}

/** The outcome of an option that only does something. */
export function done(flag: string, changes: Readonly<Record<string, unknown>>, text = ''): Outcome {
  return { text, json: { option: flag, ...changes } };
}
