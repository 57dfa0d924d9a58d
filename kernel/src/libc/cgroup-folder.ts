import { readFileSync, statfsSync } from 'node:fs';

/** What statfs(2) says of cgroup file systems: version 2, and version 1. */
const cgroupMagics: ReadonlySet<number> = new Set([0x6367_7270, 0x27_e0eb]);

/** Whether a folder is that of a cgroup. */
export function isCgroupFolder(path: string): boolean {
  try {
    return cgroupMagics.has(statfsSync(path).type);
  } catch {
    return false;
  }
}

/** Where the root of all cgroups of version 2 is mounted; undefined where it is not. */
export function rootCgroup(): string | undefined {
  // Behind the folder of the file system that is mounted there comes where; behind a dash, what it is.
  const mount = /^\d+ \d+ \S+ \/ (\S+) .* - cgroup2 /m.exec(readFileSync('/proc/self/mountinfo', 'utf8'));
  return mount?.[1]?.replace(/\\([0-7]{3})/g, (_, octal) => String.fromCharCode(Number.parseInt(octal, 8)));
}
