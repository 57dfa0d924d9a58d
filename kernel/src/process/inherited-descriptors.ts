import { fstatSync, readdirSync, readlinkSync } from 'node:fs';

/**
 * The descriptors above 2 that this process was given by the one that started it (`3<file`, a make's job server, a
 * shell's `<(command)`), for the programs that it starts itself: node keeps them from these. To be called before
 * anything else is opened.
 *
 * Node's own descriptors lie above those that it was given, or are pipes of which it has both ends and objects that
 * nobody can be given by a shell.
 */
export function inheritedDescriptors(): readonly number[] {
  const open = openDescriptors();
  const firstOwn = Math.min(
    ...open.filter(({ target }) => target.startsWith('anon_inode:')).map(({ fd }) => fd),
  );
  const ends = new Map<string, number>();
  for (const { target } of open) ends.set(target, (ends.get(target) ?? 0) + 1);
  return open
    .filter(({ fd, target }) => {
      if (fd <= 2 || target.startsWith('anon_inode:')) return false;
      return fd < firstOwn || !(target.startsWith('pipe:') && ends.get(target) === 2);
    })
    .map(({ fd }) => fd)
    .sort((a, b) => a - b);
}

interface OpenDescriptor {
  readonly fd: number;
  /** What it leads to, as /proc says: `pipe:[123]`, `/a/file`, `anon_inode:[eventpoll]`. */
  readonly target: string;
}

function openDescriptors(): OpenDescriptor[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      // The folder that is being read is among them, and is closed by now.
      fstatSync(Number(name));
      return [{ fd: Number(name), target: readlinkSync(`/proc/self/fd/${name}`) }];
    } catch {
      return [];
    }
  });
}
