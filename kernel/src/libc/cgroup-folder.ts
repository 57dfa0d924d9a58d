import { statfsSync } from 'node:fs';

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
