import { rename, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '@camflow/api';
import type { SpoolTarget } from './spool-plan.ts';

/** What is different between the output that a spool was for and the one that it is for now. */
export function changeOfTarget(
  before: SpoolTarget | undefined,
  now: SpoolTarget,
): 'place' | 'format' | undefined {
  if (before === undefined) return undefined;
  if (before.format !== now.format) return 'format';
  return before.place === now.place ? undefined : 'place';
}

/**
 * Gives the folder of a spool another name, so that units of one format do not come between those of another.
 * @param folder - of a spool that is locked by the caller; the lock goes with it
 */
export async function setAside(folder: string, log: Logger): Promise<void> {
  const aside = `${folder}~${new Date().toISOString().replace(/[:.]/g, '-')}`;
  await rename(folder, aside);
  await unlink(path.join(aside, 'lock'));
  log.warn('what waits in the spool is not of the format that the output has now; it is set aside', {
    folder: aside,
    hint: 'camflow spool cat prints it, camflow spool rm removes it',
  });
}
