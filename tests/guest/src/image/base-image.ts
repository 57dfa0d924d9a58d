import {
  chmod,
  copyFile,
  cp,
  mkdir,
  mkdtemp,
  readFile,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { cached, shortHash } from '../cache/cache.ts';
import { makeDisk } from './disk.ts';

/** On the path of the guest. */
const programs = ['camflow', 'camflowd', 'camconfd'] as const;

const initFile = fileURLToPath(new URL('../../image/init', import.meta.url));

/** Free space on the guest's root, for what jobs write. */
const spareMib = 2048;

/**
 * The disk image with Debian's user space, this node and our init; built anew when one of them changes.
 * @param userland - folder with Debian's packages unpacked
 * @returns path of the image
 */
export async function baseImage(userland: string): Promise<string> {
  const folder = await cached(`base-${await keyOf(userland)}`, async (building) => {
    const tree = await mkdtemp(path.join(building, 'root-'));
    await cp(userland, tree, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true });
    await finishRoot(tree);
    await makeDisk(tree, path.join(building, 'disk.img'), {
      label: 'camflow-base',
      spareMib,
      partitioned: true,
    });
    await rm(tree, { recursive: true });
  });
  return path.join(folder, 'disk.img');
}

/** What packages do when they are configured, as far as the guest needs it. */
async function finishRoot(root: string): Promise<void> {
  const at = (name: string): string => path.join(root, name);
  await Promise.all(['usr/share/doc', 'usr/share/locale', 'usr/share/man'].map((name) => removed(at(name))));
  await mkdir(at('camflow'));
  await mkdir(at('usr/local/bin'), { recursive: true });
  for (const name of ['passwd', 'group']) {
    await copyFile(at(`usr/share/base-passwd/${name}.master`), at(`etc/${name}`));
  }
  await writeFile(at('etc/hosts'), '127.0.0.1 localhost camflow-guest\n::1 localhost\n');
  await symlink('mawk', at('usr/bin/awk'));
  await symlink('which.debianutils', at('usr/bin/which'));
  await copyFile(process.execPath, at('usr/local/bin/node'));
  for (const program of programs) {
    await symlink(`/camflow/core/cli/bin/${program}.js`, at(`usr/local/bin/${program}`));
  }
  await copyFile(initFile, at('usr/sbin/init'));
  await chmod(at('usr/sbin/init'), 0o755);
}

async function removed(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true });
}

async function keyOf(userland: string): Promise<string> {
  const [packages, node, init] = await Promise.all([
    stat(userland),
    stat(process.execPath),
    readFile(initFile),
  ]);
  return shortHash([packages.mtimeMs, process.version, node.size, node.mtimeMs, init, ...programs].join());
}
