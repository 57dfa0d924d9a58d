import { lstat, opendir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CamflowError } from '@camflow/api';

/**
 * Whether code may be run with the rights of this process is decided by who could have put it there. A path is
 * trusted if nobody but root, or the user of this process, can change what it leads to:
 *
 * - the file and every folder above it belong to one of these two, and neither group nor others may write there;
 * - of a symbolic link both sides count: the folders that hold the link, the link, and all that it leads to;
 * - a sticky folder of root that all may write to, such as `/tmp`, is accepted *above* the file only: there
 *   others can add names, but cannot replace ours.
 */
type Role = 'itself' | 'above';

/** More than this is not a plugin and what it needs; it is refused rather than half checked. */
const mostEntries = 100_000;
const mostLinks = 40;

/**
 * Makes sure that nobody else can change what importing a module runs: the folder of its package with all that
 * is in it, and every `node_modules` in which its imports are looked up.
 * @returns the path of the module without symbolic links
 * @throws CamflowError `PLUGIN_UNTRUSTED`, naming the file or folder at fault
 */
export async function assertTrustedModule(module: string, folder: string): Promise<string> {
  const trustedModule = await assertTrustedPath(module);
  const seen = new Set<string>();
  await assertTrustedTree(await assertTrustedPath(folder), seen);
  // A link, or an entry such as "./../x.js", may lead out of the package.
  await assertTrustedTree(dirname(trustedModule), seen);
  for (let above = dirname(trustedModule); ; above = dirname(above)) {
    const packages = join(above, 'node_modules');
    if (await exists(packages)) await assertTrustedTree(await assertTrustedPath(packages), seen);
    if (above === dirname(above)) return trustedModule;
  }
}

/** Follows a path from the root, link by link, and checks each step. */
async function assertTrustedPath(path: string): Promise<string> {
  let pending = parts(path);
  let real = '/';
  let links = 0;
  assertOnlyOwnerWrites(real, await lstat(real), 'above');
  while (pending.length > 0) {
    const [name = '', ...rest] = pending;
    if (name === '..') {
      real = dirname(real);
      pending = rest;
      continue;
    }
    const next = join(real, name);
    const status = await lstat(next);
    if (status.isSymbolicLink()) {
      assertOwner(next, status.uid);
      if (++links > mostLinks) throw untrusted(next, 'is one of too many symbolic links');
      const target = await readlink(next);
      if (target.startsWith('/')) real = '/';
      pending = [...parts(target), ...rest];
    } else {
      assertOnlyOwnerWrites(next, status, rest.length > 0 ? 'above' : 'itself');
      real = next;
      pending = rest;
    }
  }
  return real;
}

/** Checks a folder whose own path is trusted, all below it, and all that links in it lead to. */
async function assertTrustedTree(root: string, seen: Set<string>): Promise<void> {
  const folders = [root];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    if (seen.has(folder)) continue;
    seen.add(folder);
    for await (const entry of await opendir(folder)) {
      let path = join(folder, entry.name);
      let status = await lstat(path);
      if (status.isSymbolicLink()) {
        const target = await trustedTarget(path);
        if (target === undefined) continue;
        path = target;
        status = await lstat(path);
      }
      assertOnlyOwnerWrites(path, status, 'itself');
      if (status.isDirectory()) folders.push(path);
      else seen.add(path);
      if (seen.size > mostEntries) throw untrusted(root, `holds more than ${mostEntries} files to check`);
    }
  }
}

/** What a link leads to; undefined where that does not exist, in a folder in which nobody else can make it. */
async function trustedTarget(link: string): Promise<string | undefined> {
  try {
    return await assertTrustedPath(link);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}

function assertOnlyOwnerWrites(path: string, status: { uid: number; mode: number }, role: Role): void {
  assertOwner(path, status.uid);
  if ((status.mode & 0o022) === 0) return;
  const sticky = (status.mode & 0o1000) !== 0;
  if (role === 'above' && sticky && status.uid === 0) return;
  const who = (status.mode & 0o002) !== 0 ? 'everyone' : 'its group';
  const mode = (status.mode & 0o7777).toString(8).padStart(4, '0');
  // A folder such as /tmp is meant to be as it is.
  const remedy = sticky ? undefined : `chmod go-w ${path}`;
  throw untrusted(path, `may be changed by ${who} (mode ${mode})`, remedy);
}

function assertOwner(path: string, uid: number): void {
  const own = process.geteuid?.() ?? 0;
  if (uid === 0 || uid === own) return;
  const trusted = own === 0 ? 'root' : `root or user ${own}`;
  throw untrusted(path, `belongs to user ${uid}, not to ${trusted}`, `chown ${own} ${path}`);
}

function untrusted(path: string, reason: string, remedy?: string): CamflowError {
  return new CamflowError('PLUGIN_UNTRUSTED', `${path} ${reason}`, {
    hint:
      remedy === undefined
        ? 'Install the plugin into a folder of its own.'
        : `Look who changed it, then: ${remedy}`,
  });
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

function parts(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}
