import { readFileSync } from 'node:fs';
import { nativeCall } from '../libc/native-call.ts';
import { systemCallError } from '../libc/system-call-error.ts';

const openFiles = 7;
const prlimit: (
  pid: number,
  resource: number,
  wanted: Uint8Array | null,
  found: Uint8Array | null,
) => number = nativeCall<[number, number, Uint8Array | null, Uint8Array | null]>(
  'int prlimit(int pid, int resource, const void *wanted, void *found)',
);

/**
 * Does something with the limit of open files that this process was started with: node raises its own to the most
 * that it may have, and a program that it starts would have that. What the limit was is what the parent has.
 * @param action - runs synchronously
 */
export function withCallersFileLimit<Result>(action: () => Result): Result {
  const now = new BigUint64Array(2);
  set(null, now);
  const before = parentsLimit();
  if (before === undefined || now[0] !== now[1] || before >= now[0]!) return action();
  set(BigUint64Array.of(before, now[1]!), null);
  try {
    return action();
  } finally {
    set(now, null);
  }
}

function set(wanted: BigUint64Array | null, found: BigUint64Array | null): void {
  const bytes = (values: BigUint64Array | null) => (values === null ? null : new Uint8Array(values.buffer));
  const result = prlimit(0, openFiles, bytes(wanted), bytes(found));
  if (result < 0) throw systemCallError('prlimit', 'this process', result);
}

/** The soft limit of the parent; undefined where it cannot be read or there is none. */
function parentsLimit(): bigint | undefined {
  try {
    const limits = readFileSync(`/proc/${process.ppid}/limits`, 'utf8');
    const soft = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    return soft === undefined ? undefined : BigInt(soft);
  } catch {
    return undefined;
  }
}
