import { access, constants, type FileHandle, open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { CamflowError, isCamflowError, type Logger } from '@camflow/api';
import { CaptureInput } from './capture-input.ts';
import { FolderInput } from './folder-input.ts';
import { originOf } from './folder-origin.ts';
import { isRelayName, relayNames, relayPathsOf } from './relay-folder.ts';
import type { ReplayInput } from './replay-input.ts';

/**
 * Opens what a path names: a folder of relay files or a capture file.
 * @throws CamflowError `SOURCE_UNAVAILABLE`, `PERMISSION_DENIED` or `SOURCE_CORRUPT`
 */
export async function openInput(path: string, log: Logger): Promise<ReplayInput> {
  try {
    const stats = await stat(path);
    if (stats.isDirectory()) return await openFolder(path, log);
    if (!stats.isFile()) {
      throw new CamflowError('SOURCE_UNAVAILABLE', `${path} is neither a folder nor a file`, {
        hint: `Name a capture file, or a folder with ${relayNames}.`,
      });
    }
    return await openCapture(path, log);
  } catch (error) {
    if (isCamflowError(error)) throw error;
    throw unavailable(path, error as NodeJS.ErrnoException);
  }
}

async function openFolder(path: string, log: Logger): Promise<ReplayInput> {
  const paths = await relayPathsOf(path);
  if (paths.length === 0) {
    throw new CamflowError('SOURCE_UNAVAILABLE', `${path} holds no relay files`, {
      hint: `They are named ${relayNames}.`,
    });
  }
  for (const file of paths) {
    await access(file.path, constants.R_OK).catch((error: NodeJS.ErrnoException) => {
      throw unavailable(file.path, error);
    });
  }
  return new FolderInput(paths, await originOf(paths), log);
}

async function openCapture(path: string, log: Logger): Promise<ReplayInput> {
  const file = await open(path);
  try {
    return await CaptureInput.open(file, path, log);
  } catch (error) {
    const hint = await hintFor(path, file);
    await file.close();
    if (!isCamflowError(error) || error.code !== 'SOURCE_CORRUPT' || error.hint !== undefined) throw error;
    throw new CamflowError('SOURCE_CORRUPT', `${path} is not a capture file`, { cause: error, hint });
  }
}

/** What a file that is no capture seems to be. */
async function hintFor(path: string, file: FileHandle): Promise<string> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(64), 0, 64, 0);
  const start = buffer.toString('latin1', 0, bytesRead);
  if (bytesRead === 0) return 'It is empty.';
  if (isRelayName(basename(path)))
    return `It has the name of a relay file: name its folder, ${dirname(path)}.`;
  if (/^\s*[{[]/.test(start)) return 'It looks like JSON: output of a recorder cannot be replayed.';
  if (start.startsWith('\x1f\x8b') || start.startsWith('\xfd7zXZ'))
    return 'It is compressed: unpack it first.';
  return 'Captures are written by output=capture.';
}

function unavailable(path: string, cause: NodeJS.ErrnoException): CamflowError {
  if (cause.code === 'ENOENT') {
    return new CamflowError('SOURCE_UNAVAILABLE', `${path} does not exist`, {
      hint: `Name a capture file, or a folder with ${relayNames}.`,
    });
  }
  if (cause.code === 'EACCES' || cause.code === 'EPERM') {
    return new CamflowError('PERMISSION_DENIED', `${path} may not be read`, {
      cause,
      hint: 'Run as a user who may read it.',
    });
  }
  return new CamflowError('SOURCE_UNAVAILABLE', `Cannot open ${path}`, { cause });
}
