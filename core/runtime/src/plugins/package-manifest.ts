import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The parts of a package.json that matter here; nothing in it is taken for granted. */
export interface PackageManifest {
  readonly name?: unknown;
  readonly version?: unknown;
  readonly main?: unknown;
  readonly exports?: unknown;
  readonly keywords?: unknown;
  readonly peerDependencies?: unknown;
}

/** A folder with a package.json. */
export interface PackageFolder {
  readonly folder: string;
  readonly manifest: PackageManifest;
}

/** How `exports` may name the module that `import` takes, in Node's words. */
const importConditions = ['node', 'import', 'module-sync', 'default'];

/**
 * The package in a folder.
 * @returns undefined where the folder holds no package.json
 * @throws Error where that file cannot be read as one
 */
export async function readPackage(folder: string): Promise<PackageFolder | undefined> {
  let text: string;
  try {
    text = await readFile(join(folder, 'package.json'), 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENOTDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
  const manifest: unknown = JSON.parse(text);
  if (typeof manifest !== 'object' || manifest === null) throw new Error('package.json holds no object');
  return { folder, manifest };
}

/** The package that a file belongs to, as Node sees it: the nearest folder above with a package.json. */
export async function packageAround(file: string): Promise<PackageFolder | undefined> {
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = await readPackage(folder);
    if (found !== undefined || folder === dirname(folder)) return found;
  }
}

/**
 * The module of a package, relative to its folder.
 * @returns undefined where its `exports` offer none to `import`
 */
export function entryOf(manifest: PackageManifest): string | undefined {
  if (manifest.exports === undefined) return typeof manifest.main === 'string' ? manifest.main : 'index.js';
  return targetOf(manifest.exports);
}

function targetOf(exported: unknown): string | undefined {
  if (typeof exported === 'string') return exported.startsWith('./') ? exported : undefined;
  if (Array.isArray(exported)) return targetOf(exported[0]);
  if (typeof exported !== 'object' || exported === null) return undefined;
  for (const [key, value] of Object.entries(exported)) {
    if (key !== '.' && !importConditions.includes(key)) continue;
    const target = targetOf(value);
    if (target !== undefined) return target;
  }
  return undefined;
}
