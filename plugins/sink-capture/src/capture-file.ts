import { constants, type Stats } from 'node:fs';
import { type FileHandle, link, lstat, open, unlink } from 'node:fs/promises';
import { dirname } from 'node:path';
import { CamflowError, makeFolder } from '@camflow/api';
import { blockMarker } from '@camflow/segment';

/**
 * Creates a capture file, mode 0600, and the folder it is to be in. A capture that is already there is renamed
 * by the time of its last change, never overwritten: a recorder that starts anew loses nothing.
 * @returns the file, and where an older one went
 * @throws CamflowError `SINK_MISCONFIGURED` where the path holds something that is not a capture; `SINK_UNAVAILABLE`
 */
export async function createCaptureFile(
  path: string,
): Promise<{ file: FileHandle; movedTo: string | undefined }> {
  const movedTo = (await captureAt(path)) ? await moveAside(path) : undefined;
  try {
    await makeFolder(dirname(path), 0o750);
    const file = await open(path, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, 0o600);
    await syncFolder(dirname(path));
    return { file, movedTo };
  } catch (error) {
    throw unavailable(path, error);
  }
}

/**
 * Looks what a path holds.
 * @returns its state where it holds a capture or an empty file, undefined where it holds nothing
 * @throws CamflowError `SINK_MISCONFIGURED` where it holds anything else; `SINK_UNAVAILABLE`
 */
export async function captureAt(path: string): Promise<Stats | undefined> {
  try {
    const stats = await lstat(path);
    if (stats.isFile() && (stats.size === 0 || (await startsWithMarker(path)))) return stats;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw unavailable(path, error);
  }
  throw new CamflowError('SINK_MISCONFIGURED', `${path} is there and is not a capture file`, {
    hint: 'Choose another path, or move that file away.',
  });
}

/** The error of a path that cannot be written. */
export function unavailable(path: string, cause: unknown): CamflowError {
  return new CamflowError('SINK_UNAVAILABLE', `Cannot write the capture file ${path}`, {
    cause,
    hint: 'Check that its folder exists and may be written, and that the disk has room.',
  });
}

async function startsWithMarker(path: string): Promise<boolean> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(blockMarker.length), 0, blockMarker.length, 0);
    return bytesRead === blockMarker.length && buffer.equals(blockMarker);
  } finally {
    await file.close();
  }
}

/** Renames a file to the first free name; a link, unlike a rename, never replaces another file. */
async function moveAside(path: string): Promise<string> {
  try {
    const stamp = (await lstat(path)).mtime.toISOString().replaceAll(':', '-').replace(/\.\d+/, '');
    for (let n = 1; ; n++) {
      const target = `${path}.${stamp}${n > 1 ? `.${n}` : ''}`;
      try {
        await link(path, target);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'EEXIST') continue;
        throw error;
      }
      await unlink(path);
      return target;
    }
  } catch (error) {
    throw unavailable(path, error);
  }
}

/** Makes the entry of a new file durable. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
