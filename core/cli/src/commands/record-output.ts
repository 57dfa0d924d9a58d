import { closeSync, constants, fchownSync, fstatSync, ftruncateSync, openSync, unlinkSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { asUser, errnoName, type UserAccount } from '@camflow/kernel';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
const carefully = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
/** What is recorded names files, arguments and environments: it is for its owner only. */
const ownersOnly = 0o600;

/** The file that a recording goes to. */
export interface RecordOutput {
  /** Empties what was there before. */
  empty(): void;
  /** Removes the file again if it was made for this recording, which came to nothing. */
  withdraw(): void;
}

/**
 * Makes the file that a recording goes to, unless it is there. It is made as the user for whom the command runs, so
 * that it is theirs and lies only where they may write; where they may not, as the user that this process is.
 * @throws CamflowError `SINK_MISCONFIGURED` where it cannot be made
 */
export function makeOutput(path: string, user: UserAccount | undefined): RecordOutput {
  const created = make(path, user);
  return {
    empty() {
      const fd = openSync(path, carefully);
      try {
        if (fstatSync(fd).isFile()) ftruncateSync(fd);
      } finally {
        closeSync(fd);
      }
    },
    withdraw() {
      if (created) unlinkSync(path);
    },
  };
}

/** Gives a file that this process made to the user for whom the command ran. */
export function giveOutput(path: string, user: UserAccount): void {
  const fd = openSync(path, carefully);
  try {
    const { nlink, uid } = fstatSync(fd);
    // A second name for it is somebody else's work.
    if (nlink === 1 && uid === process.getuid?.()) fchownSync(fd, user.uid, user.gid);
  } finally {
    closeSync(fd);
  }
}

/** @returns whether it was not there before */
function make(path: string, user: UserAccount | undefined): boolean {
  const create = (): void => closeSync(openSync(path, carefully | O_CREAT | O_EXCL, ownersOnly));
  try {
    try {
      if (user === undefined) create();
      else asUser(user, create);
    } catch (error) {
      if (user === undefined || errnoName(error) !== 'EACCES') throw error;
      create();
    }
    return true;
  } catch (cause) {
    if (errnoName(cause) === 'EEXIST') return false;
    throw new CamflowError('SINK_MISCONFIGURED', `${path} cannot be made`, {
      cause,
      hint: 'Name another file with --output.',
    });
  }
}
