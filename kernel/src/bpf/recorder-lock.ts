import {
  closeSync,
  fchmodSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { CamflowError } from '@camflow/api';
import { nativeCall } from '../libc/native-call.ts';
import { systemCallError } from '../libc/system-call-error.ts';
import type { Channel } from './channel.ts';

const [exclusive, withoutWaiting] = [2, 4];
const heldBySomeone = -11;
/** Whoever can open the file can take the lock, and so keep every recorder from its rings. */
const ownersOnly = 0o600;

const flock: (fd: number, operation: number) => number = nativeCall<[number, number]>(
  'int flock(int fd, int operation)',
);

/** The process that has the right to read the rings, as far as it can be found; undefined where none has. */
export function holderOfLock({ recorderLock: file }: Channel): number | undefined {
  let fd: number;
  try {
    fd = openSync(file, 'r');
  } catch {
    return undefined;
  }
  try {
    const holder = Number(readFileSync(file, 'utf8').trim());
    return isLocked(fd) && Number.isInteger(holder) && holder > 0 ? holder : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Whether somebody holds a lock on a file, by the kernel's own list: asking changes nothing. */
function isLocked(fd: number): boolean {
  const { ino } = fstatSync(fd);
  const locks = readFileSync('/proc/locks', 'utf8');
  return locks
    .split('\n')
    .some((line) => line.includes(' FLOCK ') && line.split(/\s+/).some((word) => word.endsWith(`:${ino}`)));
}

/** The right to read the rings, which one process has at a time. It ends with the process at the latest. */
export class RecorderLock {
  #fd: number;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @throws CamflowError `SOURCE_UNAVAILABLE` where another recorder runs */
  static take(channel: Channel): RecorderLock {
    const lock = RecorderLock.tryTake(channel);
    if (lock !== undefined) return lock;
    const { recorderLock: file, name } = channel;
    const holder = readFileSync(file, 'utf8').trim();
    const inChannel = name === undefined ? '' : ` on channel ${name}`;
    throw new CamflowError(
      'SOURCE_UNAVAILABLE',
      `Another recorder is running${inChannel} (process ${holder || 'unknown'})`,
      {
        hint: 'Stop it first: the rings have one reader. Another recorder takes a channel of its own: --channel NAME.',
      },
    );
  }

  /** @returns undefined where another recorder runs */
  static tryTake({ recorderLock: file }: Channel): RecorderLock | undefined {
    const fd = openFile(file);
    const result = flock(fd, exclusive | withoutWaiting);
    if (result < 0) {
      closeSync(fd);
      if (result === heldBySomeone) return undefined;
      throw systemCallError('flock', file, result);
    }
    ftruncateSync(fd);
    writeSync(fd, `${process.pid}\n`);
    return new RecorderLock(fd);
  }

  /** Legal twice. */
  release(): void {
    if (this.#fd >= 0) closeSync(this.#fd);
    this.#fd = -1;
  }
}

function openFile(file: string): number {
  try {
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o755 });
    const fd = openSync(file, 'a+', ownersOnly);
    fchmodSync(fd, ownersOnly);
    return fd;
  } catch (cause) {
    throw new CamflowError('PERMISSION_DENIED', `${file} cannot be opened`, {
      cause,
      hint: 'Run it as root, with sudo say.',
    });
  }
}
