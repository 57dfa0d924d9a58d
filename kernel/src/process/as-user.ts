import { CamflowError } from '@camflow/api';
import { nativeCall } from '../libc/native-call.ts';
import { systemCallError } from '../libc/system-call-error.ts';
import type { UserAccount } from './user-account.ts';

/** Numbers of system calls where they differ from one machine to another. */
const calls = {
  x64: { getgroups: 115, setgroups: 116, setresuid: 117, setresgid: 119 },
  arm64: { getgroups: 158, setgroups: 159, setresuid: 147, setresgid: 149 },
} as const;

const setIds: (call: number, real: number, effective: number, saved: number) => number = nativeCall<
  [number, number, number, number]
>('long syscall(long call, long real, long effective, long saved)');
const groupCall: (call: number, count: number, groups: Uint8Array) => number = nativeCall<
  [number, number, Uint8Array]
>('long syscall(long call, long count, void *groups)');

/**
 * Does something as another user, with their groups: what is made belongs to them, and a process that is started is
 * theirs from its first instruction. Only for root.
 *
 * The kernel keeps a user for each thread, and the system calls themselves change only that of this one (it is the C
 * library's functions that change all). So there is no process in between, and the other threads stay what they are.
 *
 * @param action - runs synchronously, on this thread
 * @throws CamflowError `PERMISSION_DENIED` where this process is not root; what `action` throws
 */
export function asUser<Result>(user: UserAccount, action: () => Result): Result {
  const numbers = calls[process.arch as keyof typeof calls];
  const gid = process.getegid?.() ?? -1;
  if (process.geteuid?.() !== 0 || process.getuid?.() !== 0 || numbers === undefined) {
    throw new CamflowError('PERMISSION_DENIED', `Only root can act as another user (${user.name})`, {
      hint: 'Use sudo, or leave out --user.',
    });
  }
  const become = (ids: { groups: readonly number[]; gid: number }): void => {
    const list = new Uint8Array(Uint32Array.from(ids.groups).buffer);
    check('setgroups', groupCall(numbers.setgroups, ids.groups.length, list));
    check('setresgid', setIds(numbers.setresgid, ids.gid, ids.gid, ids.gid));
  };
  const groups = ownGroups(numbers.getgroups);
  try {
    become(user);
    // The saved user stays root: that is the way back. An execution sets it to the effective one.
    check('setresuid', setIds(numbers.setresuid, user.uid, user.uid, 0));
    return action();
  } finally {
    check('setresuid', setIds(numbers.setresuid, 0, 0, 0));
    become({ groups, gid });
  }
}

/** Those of this thread; node's own answer has the effective group among them even where it is not. */
function ownGroups(call: number): number[] {
  const list = new Uint32Array(check('getgroups', groupCall(call, 0, new Uint8Array(4))));
  check('getgroups', groupCall(call, list.length, new Uint8Array(list.buffer)));
  return [...list];
}

function check(call: string, result: number): number {
  if (result < 0) throw systemCallError(call, 'this thread', result);
  return result;
}
