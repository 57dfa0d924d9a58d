import { statSync } from 'node:fs';
import { describeError, isCamflowError } from '@camflow/api';
import { type Marks, markBits, type ProvenanceControl } from '@camflow/kernel';
import { formatCounted } from '../report/numbers.ts';
import type { AppliedFile, AppliedState } from './applied-state.ts';
import type { Change } from './change.ts';
import type { DesiredPolicy } from './desired-policy.ts';
import type { Plan } from './plan-switches.ts';

/** Changes of files, what is then to be remembered of them, and files that cannot be marked. */
export interface FilePlan extends Plan {
  readonly files: ReadonlyMap<string, AppliedFile>;
  readonly warnings: readonly string[];
}

const names = ['tracked', 'opaque', 'propagate'] as const;

/** As many files that are known by number only are listed one by one; of more there is but a count. */
const mostListed = 20;

/** Files that the file names are marked, those that it named before lose these marks; other marks stay. */
export function planFiles(
  desired: DesiredPolicy,
  applied: AppliedState,
  control: ProvenanceControl,
): FilePlan {
  const changes: Change[] = [];
  const byHand: string[] = [];
  const files = new Map<string, AppliedFile>();
  const warnings: string[] = [];
  const paths = [...new Set([...applied.files.keys(), ...desired.files.keys()])];
  for (const path of paths) {
    const wanted = desired.files.get(path) ?? 0;
    const last = applied.files.get(path);
    try {
      const identity = identityOf(path);
      if (identity === undefined) {
        // It may be back later, with its marks: what was said of it is to be taken back then.
        if (last !== undefined) files.set(path, last);
        continue;
      }
      const lastBits = last?.identity === identity ? last.bits : 0;
      const now = marksNow(path, control);
      const after = (now & ~(lastBits & ~wanted)) | wanted;
      const foreign = now & ~lastBits & ~wanted;
      if (after !== now) changes.push(changeOf(path, now, after));
      byHand.push(...namesIn(foreign).map((name) => `file ${path} ${name}`));
      // A path with foreign marks is remembered, so that they are listed for as long as they are there.
      if (wanted !== 0 || foreign !== 0) files.set(path, { identity, bits: wanted });
    } catch (error) {
      // As in CamFlow: a file that cannot be marked does not keep the rest from being applied.
      warnings.push(`${path} cannot be marked: ${describeError(error)}`);
      if (last !== undefined) files.set(path, last);
    }
  }
  return { changes, byHand: [...byHand, ...others(paths, control)], files, warnings };
}

/** What is said about files that no line is or was about. */
function others(paths: readonly string[], control: ProvenanceControl): string[] {
  const marked = control.files.listOthers(paths);
  if (marked.length > mostListed) return [`${formatCounted(marked.length, 'file')} that no line is about`];
  return marked.flatMap(({ device, inode, marks }) =>
    namesIn(bitsOf(marks)).map((name) => `file ${inode} on device ${device} ${name}`),
  );
}

/** Which file is at a path; another one there is not the one that was marked. */
function identityOf(path: string): string | undefined {
  const status = statSync(path, { bigint: true, throwIfNoEntry: false });
  return status && `${status.dev}:${status.ino}`;
}

function changeOf(path: string, before: number, after: number): Change {
  const mark = (bits: number, affected: number) => (control: ProvenanceControl) => {
    const change = namesIn(affected).map((name) => [name, (bits & markBits[name]) !== 0]);
    control.files.mark(path, Object.fromEntries(change));
  };
  const affected = before ^ after;
  const lines = namesIn(affected).map((name) => `${after & markBits[name] ? '+' : '-'} file ${path} ${name}`);
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

function namesIn(bits: number): (keyof Marks)[] {
  return names.filter((name) => bits & markBits[name]);
}

function bitsOf(marks: Marks): number {
  return names.reduce((bits, name) => bits | (marks[name] ? markBits[name] : 0), 0);
}
