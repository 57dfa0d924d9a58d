import { statSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { isCgroupFolder } from '../libc/cgroup-folder.ts';
import type { RuleSelector, RuleTarget } from './rules.ts';

/**
 * Numbers of cgroup namespaces: that of the first one, which every process starts in, and those from 0xf0000000 on. No
 * cgroup has one of them: the lower half of its number has 31 bits.
 */
const namespaces = { first: 0xefff_fffbn, last: 0xffff_ffffn } as const;

const namespacePath = /^\/proc\/(?:[^/]+\/|[^/]+\/task\/[^/]+\/)ns\/cgroup$/;

/** Whether the number is that of a cgroup namespace, and not of a cgroup. */
export function isCgroupNamespace(id: bigint): boolean {
  return id >= namespaces.first && id <= namespaces.last;
}

/**
 * The number of a cgroup, or of a cgroup namespace: an inode.
 * @param path - the folder of the cgroup, or `/proc/PID/ns/cgroup`
 * @throws CamflowError `CONFIG_BAD_VALUE` where there is none
 */
export function findCgroup(path: string): bigint {
  let inode: bigint;
  try {
    inode = statSync(path, { bigint: true }).ino;
  } catch (cause) {
    throw new CamflowError('CONFIG_BAD_VALUE', `There is no cgroup at ${path.slice(0, 80)}`, {
      cause,
      hint: 'Cgroups are under /sys/fs/cgroup.',
    });
  }
  if (namespacePath.test(path) || isCgroupFolder(path)) return inode;
  throw new CamflowError('CONFIG_BAD_VALUE', `${path} is not the folder of a cgroup`, {
    hint: 'Give one under /sys/fs/cgroup, or a cgroup namespace: /proc/PID/ns/cgroup.',
  });
}

/**
 * What a rule is about, with the number of a cgroup that was given by its path.
 * @throws CamflowError as {@link findCgroup}
 */
export function resolveSelector(target: RuleTarget): RuleSelector {
  return 'path' in target ? { kind: 'cgroup', id: findCgroup(target.path) } : target;
}
