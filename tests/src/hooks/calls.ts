import type { WantedRelation } from './program-runs.ts';

/** A system call of the ProvMark benchmark, and what must be recorded of it. */
export interface CallCase {
  readonly name: string;
  /** Relations that are there because of the call; none where it only changes the process's own descriptors. */
  readonly shows: readonly WantedRelation[];
  /** Why nothing shows. */
  readonly why?: string;
}

const wanted = (
  relation: string,
  from: string,
  to: string,
  more: Partial<WantedRelation> = {},
): WantedRelation => ({
  relation,
  from,
  to,
  ...more,
});

const attributes: readonly WantedRelation[] = [
  wanted('setattr', 'task', 'iattr'),
  wanted('setattr_inode', 'iattr', 'file file'),
];
const mode = attributes.map((each, i) => (i === 0 ? { ...each, says: { mode: 0o100600 } } : each));
const owner = attributes.map((each, i) => (i === 0 ? { ...each, says: { uid: 1, gid: 1 } } : each));
const size = attributes.map((each, i) => (i === 0 ? { ...each, says: { size: 1n } } : each));
const opened = [wanted('open', 'file file', 'task')];
const pipeMade = [wanted('inode_create', 'task', 'pipe')];
const nodeMade = [wanted('inode_create', 'task', 'pipe node')];
const linked = [wanted('link', 'task', 'file second'), wanted('named', 'path second', 'file file')];
const renamed = [wanted('rename', 'task', 'file renamed')];
const symbolic = [wanted('symlink', 'task', 'link symbolic')];
const removed = [wanted('unlink', 'task', 'file file')];
const cloned = [wanted('clone', 'task', 'child')];
const user = [wanted('setuid', 'task', 'process_memory', { says: { uid: 6 } })];
const group = [wanted('setgid', 'task', 'process_memory', { says: { gid: 5 } })];
const descriptor = 'only a number of the process for a file that it has open: nothing flows';

/** The 44 system calls of ProvMark (Middleware 2019). */
export const calls: readonly CallCase[] = [
  { name: 'chmod', shows: mode },
  { name: 'chown', shows: owner },
  { name: 'clone', shows: cloned },
  { name: 'close', shows: [], why: descriptor },
  { name: 'creat', shows: [wanted('inode_create', 'task', 'file new'), wanted('open', 'file new', 'task')] },
  { name: 'dup', shows: [], why: descriptor },
  { name: 'dup2', shows: [], why: descriptor },
  { name: 'dup3', shows: [], why: descriptor },
  {
    name: 'execve',
    shows: [
      wanted('exec', 'file /usr/bin/true', 'process_memory /usr/bin/true'),
      wanted('exec_task', 'task', 'process_memory /usr/bin/true'),
    ],
  },
  { name: 'exit', shows: [wanted('terminate_task', 'task', 'task')] },
  { name: 'fchmod', shows: mode },
  { name: 'fchmodat', shows: mode },
  { name: 'fchown', shows: owner },
  { name: 'fchownat', shows: owner },
  { name: 'fork', shows: cloned },
  { name: 'ftruncate', shows: size },
  { name: 'kill', shows: [wanted('signal', 'task', 'child', { flags: 10 })] },
  { name: 'link', shows: linked },
  { name: 'linkat', shows: linked },
  { name: 'mknod', shows: nodeMade },
  { name: 'mknodat', shows: nodeMade },
  { name: 'open', shows: opened },
  { name: 'openat', shows: opened },
  { name: 'pipe', shows: pipeMade },
  { name: 'pipe2', shows: pipeMade },
  { name: 'pread', shows: [wanted('read', 'file file', 'task')] },
  { name: 'pwrite', shows: [wanted('write', 'task', 'file file')] },
  { name: 'read', shows: [wanted('read', 'file file', 'task')] },
  { name: 'rename', shows: renamed },
  { name: 'renameat', shows: renamed },
  { name: 'setgid', shows: group },
  { name: 'setregid', shows: group },
  { name: 'setresgid', shows: group },
  { name: 'setresuid', shows: user },
  { name: 'setreuid', shows: user },
  { name: 'setuid', shows: user },
  { name: 'symlink', shows: symbolic },
  { name: 'symlinkat', shows: symbolic },
  { name: 'tee', shows: [wanted('read', 'pipe', 'task'), wanted('tee', 'pipe', 'pipe')] },
  { name: 'truncate', shows: size },
  { name: 'unlink', shows: removed },
  { name: 'unlinkat', shows: removed },
  { name: 'vfork', shows: cloned },
  { name: 'write', shows: [wanted('write', 'task', 'file file')] },
];
