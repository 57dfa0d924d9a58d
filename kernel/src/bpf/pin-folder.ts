import { existsSync, lstatSync, type Stats } from 'node:fs';
import path from 'node:path';
import { CamflowError } from '@camflow/api';
import { errnoName } from '../libc/system-call-error.ts';
import type { Channel } from './channel.ts';
import { readSettings } from './use-settings.ts';

const writableByOthers = 0o022;

/**
 * Whether programs are pinned, all of them: where whoever loaded them was killed meanwhile, they are not.
 * @throws CamflowError as {@link requireOwnFolders}
 */
export function isCapturePinned(channel: Channel): boolean {
  requireOwnFolders(channel);
  if (!existsSync(`${channel.folder}/cf_config`)) return false;
  return readSettings(channel).version !== 0n;
}

/**
 * Where anybody may write to the file system, as the kernel mounts it unless it is told otherwise, anybody can put a
 * folder of their own, or a link to any other, where the programs of a channel are to be: root would remove what is in
 * it, or believe it.
 * @throws CamflowError `SOURCE_UNAVAILABLE` where a folder that is there is not one of root alone
 */
export function requireOwnFolders({ folder, linkFolder, programFolder, name }: Channel): void {
  const above = name === undefined ? [] : [path.dirname(folder)];
  for (const each of [...above, folder, linkFolder, programFolder]) {
    const found = lookAt(each);
    // Nothing is in a folder that is not there.
    if (found === undefined) return;
    if (found.isDirectory() && found.uid === 0 && (found.mode & writableByOthers) === 0) continue;
    throw new CamflowError(
      'SOURCE_UNAVAILABLE',
      `${each} is not a folder of root alone: somebody else made it`,
      {
        hint: 'Remove it, and let nobody else write there: `chmod 700 /sys/fs/bpf`.',
      },
    );
  }
}

/** @returns undefined where it is not there, or not for this process */
function lookAt(path: string): Stats | undefined {
  try {
    return lstatSync(path);
  } catch (error) {
    if (errnoName(error) === 'ENOENT' || errnoName(error) === 'EACCES') return undefined;
    throw error;
  }
}
