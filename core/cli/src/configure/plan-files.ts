import { statSync } from 'node:fs';
import { describeError, isCamflowError } from '@camflow/api';
import { type Marks, markBits, type ProvenanceControl } from '@camflow/kernel';
import type { AppliedFile, AppliedState } from './applied-state.ts';
import type { Change } from './change.ts';
import type { DesiredPolicy } from './desired-policy.ts';

/** Changes of files, what is then to be remembered of them, and files that cannot be marked. */
export interface FilePlan {
  readonly changes: readonly Change[];
  readonly files: ReadonlyMap<string, AppliedFile>;
  readonly warnings: readonly string[];
}

const names = ['tracked', 'opaque', 'propagate'] as const;

/** Files that the file names are marked, those that it named before lose these marks; other marks stay. */
export function planFiles(
  desired: DesiredPolicy,
  applied: AppliedState,
  control: ProvenanceControl,
): FilePlan {
  const changes: Change[] = [];
  const files = new Map<string, AppliedFile>();
  const warnings: string[] = [];
  for (const path of new Set([...applied.files.keys(), ...desired.files.keys()])) {
    const wanted = desired.files.get(path) ?? 0;
    try {
      const identity = identityOf(path);
      if (identity === undefined) continue;
      const last = applied.files.get(path);
      const lastBits = last?.identity === identity ? last.bits : 0;
      const now = marksNow(path, control);
      const after = (now & ~(lastBits & ~wanted)) | wanted;
      if (after !== now) changes.push(changeOf(path, now, after));
      if (wanted !== 0) files.set(path, { identity, bits: wanted });
    } catch (error) {
      // As in CamFlow: a file that cannot be marked does not keep the rest from being applied.
      warnings.push(`${path} cannot be marked: ${describeError(error)}`);
    }
  }
  return { changes, files, warnings };
}

/** Which file is at a path; another one there is not the one that was marked. */
function identityOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

function changeOf(path: string, before: number, after: number): Change {
  const mark = (bits: number, affected: number) => (control: ProvenanceControl) => {
    const change = names
      .filter((name) => affected & markBits[name])
      .map((name) => [name, (bits & markBits[name]) !== 0]);
    control.files.mark(path, Object.fromEntries(change));
  };
  const affected = before ^ after;
  const lines = names
    .filter((name) => affected & markBits[name])
    .map((name) => `${after & markBits[name] ? '+' : '-'} file ${path} ${name}`);
  return { text: lines.join('\n'), apply: mark(after, affected), revert: mark(before, affected) };
}

/** Where the programs are not loaded yet, nothing is said about any file. */
function marksNow(path: string, control: ProvenanceControl): number {
  try {
    return bitsOf(control.files.read(path).marks);
  } catch (error) {
    if (isCamflowError(error) && error.code === 'SOURCE_UNAVAILABLE') return 0;
    throw error;
  }
}

function bitsOf(marks: Marks): number {
  return names.reduce((bits, name) => bits | (marks[name] ? markBits[name] : 0), 0);
}
