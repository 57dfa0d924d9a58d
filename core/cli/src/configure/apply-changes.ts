import { CamflowError, describeError, isCamflowError } from '@camflow/api';
import type { ProvenanceControl } from '@camflow/kernel';
import type { Change } from './change.ts';

/**
 * Makes all changes or none: where one fails, those before it are taken back, the last one first.
 * @throws CamflowError with the code of the failure; its message says whether everything is as it was
 */
export function applyChanges(changes: readonly Change[], control: ProvenanceControl): void {
  const made: Change[] = [];
  for (const change of changes) {
    try {
      // What fails half-way is taken back, too.
      made.push(change);
      change.apply(control);
    } catch (error) {
      const left = takeBack(made, control);
      const outcome =
        left.length === 0 ? 'everything is as it was before' : `could not be taken back: ${left.join(', ')}`;
      const code = isCamflowError(error) ? error.code : 'SYSTEM_CALL_FAILED';
      const what = change.text.replaceAll('\n', ', ');
      throw new CamflowError(code, `Cannot apply "${what}": ${describeError(error)}; ${outcome}`, {
        cause: error,
      });
    }
  }
}

function takeBack(made: readonly Change[], control: ProvenanceControl): string[] {
  const left: string[] = [];
  for (const [index, change] of [...made].reverse().entries()) {
    try {
      change.revert(control);
    } catch {
      // The change that failed may have changed nothing.
      if (index > 0) left.push(change.text.replaceAll('\n', ', '));
    }
  }
  return left;
}
