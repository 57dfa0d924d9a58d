import { constants, type Stats } from 'node:fs';
import { access, type FileHandle, lstat, open, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CamflowError, makeFolder } from '@camflow/api';

/** A file that is open for appending. */
export interface LogFile {
  readonly handle: FileHandle;
  /** False for a character device such as `/dev/null`, which can be neither cut nor synced. */
  readonly regular: boolean;
}

/** What tells one file from another, whatever its name. */
export type FileIdentity = Pick<Stats, 'dev' | 'ino'>;

/** Whether two names are of one file. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/**
 * Opens the file for appending and makes it, and its folder, where they are missing.
 *
 * Append mode lets a rotation that truncates in place leave no hole. A symbolic link at the end of the path is
 * refused, for every user alike: whoever may write to the folder could point it at any file of the system.
 * O_NONBLOCK has no effect on a file; it keeps a named pipe in its place from blocking the recorder.
 *
 * @throws CamflowError `SINK_MISCONFIGURED` or `SINK_UNAVAILABLE`
 */
export async function openLogFile(path: string): Promise<LogFile> {
  const { O_RDWR, O_APPEND, O_CREAT, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;
  let handle: FileHandle;
  try {
    await makeFolder(dirname(path), 0o750);
    handle = await open(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0o640);
  } catch (error) {
    const found = await lstat(path).catch(() => undefined);
    if (found !== undefined) assertWritableKind(path, found);
    throw openError(path, error);
  }
  try {
    const found = await handle.stat();
    assertWritableKind(path, found);
    if (found.isFile()) await syncFolder(dirname(path));
    return { handle, regular: found.isFile() };
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** A file that is on the disk but not in its folder is lost with the power as well. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

/** How far from its end a file is searched for the end of its last whole line. */
const mostTornBytes = 16 << 20;

/**
 * Cuts off what follows the last newline: a recorder that was killed in the middle of a unit had not reported it as
 * delivered, and its successor is given it again. Where no newline is near, the file is not one that this output
 * wrote; nothing is cut then, and the next unit starts on a line of its own. For formats whose units end in a newline.
 */
export async function cutTornLine({ handle, regular }: LogFile): Promise<void> {
  if (!regular) return;
  const { size } = await handle.stat();
  const piece = Buffer.alloc(64 << 10);
  for (let end = size; end > 0 && size - end < mostTornBytes; ) {
    const start = Math.max(0, end - piece.length);
    const { bytesRead } = await handle.read(piece, 0, end - start, start);
    const newline = piece.subarray(0, bytesRead).lastIndexOf(0x0a);
    if (newline >= 0) {
      if (start + newline + 1 < size) await handle.truncate(start + newline + 1);
      return;
    }
    end = start;
  }
  if (size > 0) await handle.write('\n');
}

/**
 * Looks whether `openLogFile` could succeed, without making anything.
 *
 * @throws CamflowError `SINK_MISCONFIGURED` or `SINK_UNAVAILABLE`
 */
export async function checkLogFile(path: string): Promise<void> {
  try {
    const found = await unlessMissing(lstat(path));
    if (found !== undefined) {
      assertWritableKind(path, found);
      return await access(path, constants.W_OK);
    }
    let folder = dirname(path);
    while ((await unlessMissing(stat(folder))) === undefined) folder = dirname(folder);
    await access(`${folder}/.`, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw openError(path, error);
  }
}

async function unlessMissing(found: Promise<Stats>): Promise<Stats | undefined> {
  return found.catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}

function assertWritableKind(path: string, found: Stats): void {
  if (found.isFile() || found.isCharacterDevice()) return;
  const refuse = (kind: string, hint: string): never => {
    throw new CamflowError('SINK_MISCONFIGURED', `The log ${path} is ${kind}`, { hint });
  };
  if (found.isSymbolicLink()) {
    refuse(
      'a symbolic link, which is not followed',
      'Name the file that it points to; a link further up in the path is followed.',
    );
  }
  if (found.isDirectory()) refuse('a folder', 'Name a file in it.');
  if (found.isFIFO()) refuse('a named pipe', 'Use output=fifo for it.');
  if (found.isSocket()) refuse('a socket', 'Use output=unix_socket for it.');
  refuse('a block device', 'Name a file: writing would destroy what is on the device.');
}

const misconfigured: ReadonlySet<string> = new Set([
  'EACCES',
  'EEXIST',
  'EISDIR',
  'ELOOP',
  'ENAMETOOLONG',
  // Its folder cannot be made either.
  'ENOENT',
  'ENOTDIR',
  'EPERM',
]);

function openError(path: string, error: unknown): unknown {
  const code = (error as NodeJS.ErrnoException).code;
  if (error instanceof CamflowError || code === undefined) return error;
  return misconfigured.has(code)
    ? new CamflowError('SINK_MISCONFIGURED', `The log ${path} cannot be opened`, {
        cause: error,
        hint: 'Check the path, and the permissions of its folders.',
      })
    : new CamflowError('SINK_UNAVAILABLE', `The log ${path} cannot be opened now`, {
        cause: error,
        retryable: true,
      });
}
