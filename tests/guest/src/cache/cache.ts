import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import path from 'node:path';

/** Folder for everything fetched or built once: `CAMFLOW_CACHE`, or `~/.cache/camflow/guest`. */
export function cacheFolder(): string {
  return process.env['CAMFLOW_CACHE'] ?? path.join(homedir(), '.cache', 'camflow', 'guest');
}

/**
 * A folder of the cache, built on first use. It appears under its name only when complete, so that an
 * interrupted build leaves nothing that looks ready, and two builders at once do not disturb each other.
 */
export async function cached(name: string, build: (folder: string) => Promise<void>): Promise<string> {
  const finished = path.join(cacheFolder(), name);
  if (existsSync(finished)) return finished;
  await mkdir(cacheFolder(), { recursive: true });
  const building = await mkdtemp(`${finished}.building-`);
  process.stderr.write(`guest: preparing ${name}, once\n`);
  try {
    await build(building);
    await rename(building, finished);
  } catch (error) {
    await rm(building, { recursive: true, force: true });
    if (!existsSync(finished)) throw error;
  }
  return finished;
}

/** Tells contents apart in the names of the cache. */
export function shortHash(content: string): string {
  return createHash('sha256').update(content).digest('hex').slice(0, 12);
}
