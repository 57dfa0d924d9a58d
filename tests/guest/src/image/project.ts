import { existsSync, lstatSync, readFileSync, realpathSync } from 'node:fs';
import { cp, mkdir, readlink, symlink } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Root folder of the project. */
export const projectRoot: string = path.resolve(fileURLToPath(new URL('../../../../', import.meta.url)));

/** Folders that are no part of the built project, relative to its root. */
const leftOut = ['.git', '.cache', 'output', 'build'];

/**
 * Copies the built project and what it needs to run into a folder, links kept as they are. Tools that only
 * its development needs stay behind: they are many times its size.
 */
export async function copyProject(into: string): Promise<void> {
  const packages: string[] = [];
  await cp(projectRoot, into, {
    recursive: true,
    verbatimSymlinks: true,
    preserveTimestamps: true,
    filter: (source) => {
      if (path.basename(source) === 'node_modules') return false;
      if (leftOut.includes(path.relative(projectRoot, source))) return false;
      if (existsSync(path.join(source, 'package.json'))) packages.push(source);
      return true;
    },
  });
  const copied = new Set(packages);
  for (const folder of copied) {
    for (const link of dependencyLinks(folder)) {
      await copyLink(link, into);
      const target = realpathSync(link);
      // A set visits what is added while it is walked: the dependencies of dependencies follow.
      if (copied.has(target)) continue;
      copied.add(target);
      await cp(target, inside(into, target), { recursive: true, verbatimSymlinks: true });
    }
  }
}

function inside(into: string, original: string): string {
  return path.join(into, path.relative(projectRoot, original));
}

/** The links through which node finds what a package depends on when it runs. */
function dependencyLinks(folder: string): string[] {
  const manifest = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
  const names = Object.keys({ ...manifest.dependencies, ...manifest.optionalDependencies });
  // What is not found is an optional dependency for another platform.
  return names.map((name) => findLink(folder, name)).filter((link) => link !== undefined);
}

function findLink(folder: string, name: string): string | undefined {
  const link = path.join(folder, 'node_modules', name);
  if (existsSync(link)) return link;
  return folder === projectRoot ? undefined : findLink(path.dirname(folder), name);
}

async function copyLink(link: string, into: string): Promise<void> {
  const copy = inside(into, link);
  if (lstatSync(copy, { throwIfNoEntry: false }) !== undefined) return;
  await mkdir(path.dirname(copy), { recursive: true });
  await symlink(await readlink(link), copy);
}
