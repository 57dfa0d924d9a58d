import { constants } from 'node:fs';
import { open } from 'node:fs/promises';

/** Makes the entries of a folder durable: a file that is on the disk but not in its folder is lost all the same. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
