import { CamflowError, type ErrorCode } from '@camflow/api';

/** One thing that is wrong, or doubtful, in a configuration. */
export interface ConfigurationProblem {
  readonly code: ErrorCode;
  /** Where the reader finds it: `FILE:LINE`, `FILE`, or `--set`. */
  readonly where: string;
  /** What is wrong, with the nearest valid name where there is one. Never holds a value that may be a secret. */
  readonly message: string;
}

/** `where: message`, the form that editors and compilers use. */
export function describeProblem(problem: ConfigurationProblem): string {
  return `${problem.where}: ${problem.message}`;
}

/** Problems of the lines of a file in the order of these lines, the others behind them. */
export function inFileOrder(problems: readonly ConfigurationProblem[]): ConfigurationProblem[] {
  return [...problems].sort((a, b) => lineOf(a) - lineOf(b));
}

function lineOf({ where }: ConfigurationProblem): number {
  const line = /:(\d+)$/.exec(where)?.[1];
  return line === undefined ? Number.MAX_SAFE_INTEGER : Number(line);
}

/** One error for all problems; its code is that of the first, its message has one line for each. */
export function configurationError(problems: readonly ConfigurationProblem[]): CamflowError {
  const ordered = inFileOrder(problems);
  const lines = ordered.map(describeProblem);
  const message = lines.length === 1 ? lines[0]! : `${lines.length} problems:\n  ${lines.join('\n  ')}`;
  return new CamflowError(ordered[0]?.code ?? 'INTERNAL', message);
}
