import {
  closeSync,
  constants,
  fchownSync,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  unlinkSync,
} from 'node:fs';
import { CamflowError } from '@camflow/api';
import { asUser, errnoName, type UserAccount } from '@camflow/kernel';

const { O_WRONLY, O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
const carefully = O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY;
/** What is recorded names files, arguments and environments: it is for its owner only. */
const ownersOnly = 0o600;

/** The file that a recording goes to. */
export interface RecordOutput {
  /**
   * Makes it ready to be written to, when the output has opened it and nothing was recorded yet.
   * @throws CamflowError `SINK_MISCONFIGURED` where another file has its name by now
   */
  begin(): void;
  /** Removes the file again if it was made for this recording, which came to nothing. */
  withdraw(): void;
  /** Legal twice. */
  close(): void;
}

/** A file that was opened, and as whom it was made; undefined where it was there before. */
interface OpenFile {
  readonly fd: number;
  readonly madeAs: ((action: () => void) => void) | undefined;
}

/**
 * The file of a recording in text. Unless it is there it is made, as the user for whom the command runs, so that it is
 * theirs and lies only where they may write; where they may not, as the user that this process is. It is emptied when
 * the recording begins. Who owns a folder above may exchange it meanwhile: what is done is done to the file itself.
 * @throws CamflowError `SINK_MISCONFIGURED` where it cannot be made
 */
export function textOutput(path: string, user: UserAccount | undefined): RecordOutput {
  let file = make(path, user) ?? existing(path);
  return {
    begin() {
      if (file === undefined || !fstatSync(file.fd).isFile()) return;
      if (!isAt(path, file.fd)) {
        throw new CamflowError('SINK_MISCONFIGURED', `${path} was replaced by another file meanwhile`, {
          hint: 'Name a file with --output in a folder that nobody else may change.',
        });
      }
      ftruncateSync(file.fd);
    },
    withdraw() {
      const { fd, madeAs } = file ?? {};
      if (fd !== undefined && madeAs !== undefined && isAt(path, fd)) madeAs(() => unlinkSync(path));
    },
    close() {
      if (file !== undefined) closeSync(file.fd);
      file = undefined;
    },
  };
}

/** The file of raw records, which its output makes: it is given to the user for whom the command runs before that does. */
export function captureOutput(path: string, user: UserAccount): RecordOutput {
  return {
    begin() {
      const fd = openSync(path, carefully);
      try {
        const { nlink, uid } = fstatSync(fd);
        // A second name for it is somebody else's work.
        if (nlink === 1 && uid === process.getuid?.()) fchownSync(fd, user.uid, user.gid);
      } finally {
        closeSync(fd);
      }
    },
    withdraw() {},
    close() {},
  };
}

/** @returns undefined where it was there before */
function make(path: string, user: UserAccount | undefined): OpenFile | undefined {
  const create = (): number => openSync(path, carefully | O_CREAT | O_EXCL, ownersOnly);
  const ourselves = (action: () => void): void => action();
  try {
    if (user === undefined) return { fd: create(), madeAs: ourselves };
    try {
      return { fd: asUser(user, create), madeAs: (action) => asUser(user, action) };
    } catch (error) {
      if (errnoName(error) !== 'EACCES') throw error;
      return { fd: create(), madeAs: ourselves };
    }
  } catch (cause) {
    if (errnoName(cause) === 'EEXIST') return undefined;
    throw new CamflowError('SINK_MISCONFIGURED', `${path} cannot be made`, {
      cause,
      hint: 'Name another file with --output.',
    });
  }
}

/** @returns undefined where it cannot be opened: the output says why */
function existing(path: string): OpenFile | undefined {
  try {
    return { fd: openSync(path, carefully), madeAs: undefined };
  } catch {
    return undefined;
  }
}

/** Whether a path still leads to the file that was opened. */
function isAt(path: string, fd: number): boolean {
  const [there, opened] = [lstatSync(path, { throwIfNoEntry: false }), fstatSync(fd)];
  return there?.ino === opened.ino && there.dev === opened.dev;
}
