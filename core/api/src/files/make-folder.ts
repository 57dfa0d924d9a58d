import { mkdirSync, statSync } from 'node:fs';
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

/**
 * Makes a folder, and those above it, where they are missing. For whoever makes a place for files: the recursive
 * `mkdir` of Node 20 tries for ever where a file system denies that the folder above exists, as `/proc` does.
 * @param mode - of every folder that is made
 * @throws the error of the system, with its `code`
 */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const missing = await mkdirUnlessThere(path, mode);
  if (missing === undefined) return;
  const above = dirname(path);
  if (above === path) throw missing;
  await makeFolder(above, mode);
  const still = await mkdirUnlessThere(path, mode);
  if (still !== undefined) throw still;
}

/** {@link makeFolder} for programs that have nothing else to do meanwhile. */
export function makeFolderSync(path: string, mode: number): void {
  const missing = mkdirUnlessThereSync(path, mode);
  if (missing === undefined) return;
  const above = dirname(path);
  if (above === path) throw missing;
  makeFolderSync(above, mode);
  const still = mkdirUnlessThereSync(path, mode);
  if (still !== undefined) throw still;
}

/** @returns the error where the folder above is missing */
async function mkdirUnlessThere(path: string, mode: number): Promise<NodeJS.ErrnoException | undefined> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (isMissing(error)) return error;
    if (!(await stat(path).catch(() => undefined))?.isDirectory()) throw error;
  }
  return undefined;
}

function mkdirUnlessThereSync(path: string, mode: number): NodeJS.ErrnoException | undefined {
  try {
    mkdirSync(path, { mode });
  } catch (error) {
    if (isMissing(error)) return error;
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
  return undefined;
}

function isMissing(error: unknown): error is NodeJS.ErrnoException {
  return (error as NodeJS.ErrnoException).code === 'ENOENT';
}
