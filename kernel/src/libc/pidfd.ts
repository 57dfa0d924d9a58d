import { nativeCall } from './native-call.ts';
import { systemCallError } from './system-call-error.ts';

const pidfdOpenCall = 434;
const readable = 1;

const systemCall = nativeCall<[call: number, pid: number, flags: number]>(
  'int64_t syscall(int64_t call, int pid, unsigned int flags)',
);
const poll = nativeCall<[descriptors: Uint8Array, count: number, timeoutMs: number]>(
  'int poll(void *descriptors, unsigned long count, int timeout)',
);

/**
 * Opens a process, found by its number. What has the descriptor has the process itself: it never stands for another
 * one that gets the number later. The caller closes it; programs that this process starts do not inherit it.
 * @throws CamflowError `SYSTEM_CALL_FAILED`; `errnoName` is `ESRCH` where no process has the number
 */
export function openProcess(pid: number): number {
  const result = systemCall(pidfdOpenCall, pid, 0);
  if (result < 0) throw systemCallError('pidfd_open', `process ${pid}`, result);
  return result;
}

/**
 * Whether all threads of a process have ended, also where its parent has not asked for its status yet.
 * @param pidfd - of {@link openProcess}
 */
export function hasEnded(pidfd: number): boolean {
  const descriptors = new Int32Array([pidfd, readable]);
  const result = poll(new Uint8Array(descriptors.buffer), 1, 0);
  if (result < 0) throw systemCallError('poll', 'a process', result);
  return result > 0;
}
