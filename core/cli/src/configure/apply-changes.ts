import { CamflowError, describeError, isCamflowError } from '@camflow/api';
import type { ProvenanceControl } from '@camflow/kernel';
import type { Change } from './change.ts';

/** What is known of a run whose changes may fail. */
export interface RunSoFar {
  /** What it did already and nothing takes back, in a few words each. */
  readonly lasting: readonly string[];
  /** Called where all changes were taken back, and only then. */
  readonly forget: () => void;
}

/**
 * Makes all changes or none: where one fails, those before it are taken back, the last one first.
 * @throws CamflowError with the code of the failure; its message says whether everything is as it was
 */
export function applyChanges(
  changes: readonly Change[],
  control: ProvenanceControl,
  { lasting, forget }: RunSoFar,
): void {
  const before = control.policy.hash();
  const made: Change[] = [];
  for (const change of changes) {
    try {
      // What fails half-way is taken back, too.
      made.push(change);
      change.apply(control);
    } catch (error) {
      const left = takeBack(made, control, before);
      if (left.length === 0) forget();
      const code = isCamflowError(error) ? error.code : 'SYSTEM_CALL_FAILED';
      const message = `Cannot apply "${nameOf(change)}": ${describeError(error)}; ${outcomeOf(left, lasting)}`;
      throw new CamflowError(code, message, { cause: error });
    }
  }
}

/** @returns the changes that could not be taken back */
function takeBack(made: readonly Change[], control: ProvenanceControl, before: Uint8Array): string[] {
  const left = [...made].reverse().filter((change) => !attempt(() => change.revert(control)));
  // The change that failed may have changed nothing: then there was nothing to take back.
  const onlyTheFailed = left.length === 1 && left[0] === made.at(-1);
  const isAsBefore = (): boolean => Buffer.compare(control.policy.hash(), before) === 0;
  return onlyTheFailed && attempt(isAsBefore) ? [] : left.map(nameOf);
}

/** Whether something was done, and did not answer that it was not. */
function attempt(task: () => unknown): boolean {
  try {
    return task() !== false;
  } catch {
    return false;
  }
}

function outcomeOf(left: readonly string[], lasting: readonly string[]): string {
  if (left.length > 0) return `could not be taken back: ${left.join(', ')}`;
  return ['everything is as it was before', ...lasting].join(', but ');
}

function nameOf({ text }: Change): string {
  return text.replaceAll('\n', ', ');
}
