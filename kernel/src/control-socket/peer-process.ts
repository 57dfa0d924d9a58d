import { closeSync, readFileSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { type PeerCredentials, peerProcess } from '../libc/peer-credentials.ts';
import { hasEnded, openProcess } from '../libc/pidfd.ts';
import { errnoName } from '../libc/system-call-error.ts';

/** A process that is held: its number, and the descriptor that stands for it. */
export interface OpenProcess {
  readonly pid: number;
  readonly pidfd: number;
}

/** What kernels say of a process that is gone. */
const goneErrors: readonly (string | undefined)[] = ['ESRCH', 'EINVAL', 'ENODATA'];

/**
 * The process that connected a socket: itself, not its number, which is another's once it is gone. The socket may live
 * longer, in the hands of a child.
 */
export class PeerProcess {
  readonly pid: number;
  #pidfd: number | undefined;

  private constructor(pid: number, pidfd: number | undefined) {
    this.pid = pid;
    this.#pidfd = pidfd;
  }

  /**
   * Holds the process as the kernel keeps it with the socket. Before 6.5 it keeps the number alone, which is looked up.
   * @param fd - of the connected socket
   * @throws CamflowError `SYSTEM_CALL_FAILED` where there is no descriptor left
   */
  static of(fd: number, credentials: PeerCredentials): PeerProcess {
    try {
      return new PeerProcess(
        credentials.pid,
        unlessGone(() => peerProcess(fd)),
      );
    } catch (error) {
      if (errnoName(error) !== 'ENOPROTOOPT') throw error;
      return PeerProcess.byNumber(credentials);
    }
  }

  /**
   * Holds the process that has the number now. It counts as gone where it has not the rights of the one that connected:
   * then the number is another's already.
   */
  static byNumber({ pid, uid }: PeerCredentials): PeerProcess {
    const found = new PeerProcess(
      pid,
      unlessGone(() => openProcess(pid)),
    );
    try {
      if (found.look(() => effectiveUser(pid)) === uid) return found;
    } catch {
      // It went away meanwhile.
    }
    found.close();
    return found;
  }

  /**
   * Looks at the process. What was found by its number is its own, since it still has it afterwards.
   * @throws CamflowError `DISCLOSURE_REFUSED` where it is gone, whatever was found
   */
  look<Result>(work: (process: OpenProcess) => Result): Result {
    const pidfd = this.expectAlive();
    try {
      return work({ pid: this.pid, pidfd });
    } finally {
      this.expectAlive();
    }
  }

  /** @returns its descriptor. @throws CamflowError `DISCLOSURE_REFUSED` where it is gone */
  expectAlive(): number {
    if (this.#pidfd === undefined || hasEnded(this.#pidfd)) throw goneProcess(this.pid);
    return this.#pidfd;
  }

  /** Lets it go; it counts as gone from then on. Legal twice. */
  close(): void {
    if (this.#pidfd !== undefined) closeSync(this.#pidfd);
    this.#pidfd = undefined;
  }
}

/** The error of a request whose process is not there any more. */
export function goneProcess(pid: number): CamflowError {
  return new CamflowError('DISCLOSURE_REFUSED', `Process ${pid}, which made the connection, is gone`, {
    hint: 'A process tells of itself only: connect from the one that is to tell.',
  });
}

function unlessGone(open: () => number): number | undefined {
  try {
    return open();
  } catch (error) {
    if (goneErrors.includes(errnoName(error))) return undefined;
    throw error;
  }
}

function effectiveUser(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^Uid:\s*\d+\s+(\d+)/m.exec(status)?.[1]);
}
