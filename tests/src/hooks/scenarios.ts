import type { WantedRelation } from './program-runs.ts';

/** A program that reaches some hooks, and what must be recorded of it. */
export interface Scenario {
  readonly name: string;
  readonly shows: readonly WantedRelation[];
  /** What must not be there. */
  readonly hides?: readonly WantedRelation[];
}

const wanted = (
  relation: string,
  from: string,
  to: string,
  more: Partial<WantedRelation> = {},
): WantedRelation => ({ relation, from, to, ...more });

const moved = (relation: string, from: string, to: string): readonly WantedRelation[] => [
  wanted(relation, from, to),
  wanted('splice_out', 'task', to),
];

const everybody = [0xff, 0xff, 0xff, 0xff];

/** What `acl` sets, as text: an entry for each of the owner, user 1000, the group, the mask and all others. */
const accessList = {
  name: 'system.posix_acl_access',
  value: Buffer.from([
    ...[2, 0, 0, 0],
    ...[1, 0, 6, 0, ...everybody],
    ...[2, 0, 4, 0, 0xe8, 3, 0, 0],
    ...[4, 0, 4, 0, ...everybody],
    ...[0x10, 0, 4, 0, ...everybody],
    ...[0x20, 0, 4, 0, ...everybody],
  ]).toString(),
};

/** The programs of `tests/fixtures/programs/hooks`. */
export const scenarios: readonly Scenario[] = [
  {
    name: 'acl',
    shows: [
      wanted('setxattr', 'task', 'xattr', { says: { name: accessList.name, value: accessList.value } }),
      wanted('setxattr_inode', 'xattr system.posix_acl_access', 'file file'),
      wanted('getxattr_inode', 'file file', 'xattr', {
        says: { name: accessList.name, value: accessList.value },
      }),
      wanted('getxattr', 'xattr system.posix_acl_access', 'task'),
      wanted('removexattr', 'task', 'xattr', { says: { name: accessList.name, size: 0n } }),
      wanted('removexattr_inode', 'xattr system.posix_acl_access', 'file file'),
    ],
  },
  {
    name: 'attribute',
    shows: [wanted('getattr', 'file file', 'task'), wanted('read_link', 'link symbolic', 'task')],
    hides: [wanted('read_link', 'file file', 'task')],
  },
  { name: 'compat-vmsplice', shows: [wanted('splice_out', 'task', 'pipe')] },
  { name: 'copy-range', shows: moved('copy_file_range', 'file file', 'file out') },
  {
    name: 'failed',
    shows: [
      wanted('unlink', 'task', 'directory empty'),
      wanted('rename', 'task', 'directory other'),
      wanted('rename', 'task', 'directory moved'),
    ],
    hides: [
      wanted('unlink', 'task', 'directory full'),
      wanted('rename', 'task', 'directory full'),
      wanted('setattr', 'task', 'iattr'),
    ],
  },
  { name: 'groups', shows: [wanted('setgroups', 'task', 'process_memory')] },
  {
    name: 'ioctl',
    shows: [
      wanted('write_ioctl', 'task', 'pipe', { flags: 0x541b }),
      wanted('read_ioctl', 'pipe', 'task', { flags: 0x541b }),
    ],
    hides: [wanted('read_ioctl', 'file file', 'task'), wanted('write_ioctl', 'task', 'file file')],
  },
  {
    name: 'load',
    shows: [wanted('load_file', 'file file', 'task'), wanted('load_module', 'task', 'machine')],
  },
  { name: 'lock', shows: [wanted('file_lock', 'task', 'file file', { flags: 1 })] },
  {
    name: 'mapping',
    shows: [
      wanted('read', 'file file', 'child'),
      wanted('sh_write', 'process_memory', 'file shared'),
      wanted('sh_read', 'file shared', 'process_memory'),
      // Memory that is shared without a name.
      wanted('sh_write', 'process_memory', 'file'),
      wanted('sh_read', 'file', 'process_memory'),
      ...['moved', 'twice', 'cut'].map((name) => wanted('sh_write', 'process_memory', `file ${name}`)),
    ],
  },
  {
    name: 'message',
    shows: [
      wanted('msg_create', 'task', 'msg', { says: { message_type: 7n } }),
      wanted('send_msg_queue', 'task', 'msg'),
      wanted('receive_msg_queue', 'msg', 'child'),
      wanted('free', 'msg', 'msg'),
    ],
  },
  { name: 'mount', shows: [wanted('mount', 'task', 'sb')] },
  {
    name: 'mqueue',
    shows: [
      wanted('msg_create', 'task', 'msg', { says: { message_type: 3n } }),
      wanted('send_msg_queue', 'task', 'msg'),
      wanted('receive_msg_queue', 'msg', 'child'),
      wanted('free', 'msg', 'msg'),
    ],
  },
  {
    name: 'older',
    shows: [
      wanted('receive_msg_queue', 'msg', 'task'),
      // That of SysV by its type, that of POSIX by its priority.
      wanted('free', 'msg', 'msg', { says: { message_type: 9n } }),
      wanted('free', 'msg', 'msg', { says: { message_type: 4n } }),
      wanted('sh_attach', 'task', 'shm', { says: { mode: 0o600 } }),
      wanted('sh_file', 'shm', 'file'),
      wanted('free', 'shm', 'shm'),
    ],
  },
  {
    name: 'process-group',
    shows: [
      // Its process group is not its group.
      wanted('setpgid', 'task', 'process_memory', { says: { gid: 0 } }),
      wanted('getpgid', 'process_memory', 'task'),
    ],
  },
  {
    name: 'ptrace',
    shows: [
      wanted('ptrace_attach', 'task', 'process_memory', { says: { uid: 6 } }),
      wanted('ptrace_attach_task', 'task', 'child'),
      wanted('ptrace_read', 'process_memory', 'task'),
      wanted('ptrace_read_task', 'child', 'task'),
      wanted('ptrace_traceme', 'child', 'task'),
    ],
  },
  {
    name: 'segment',
    shows: [
      wanted('sh_create', 'task', 'shm', { says: { mode: 0o600 } }),
      wanted('sh_attach', 'task', 'shm'),
      wanted('sh_file', 'shm', 'file'),
      wanted('sh_write', 'process_memory', 'file'),
      wanted('sh_read', 'file', 'process_memory'),
      wanted('free', 'shm', 'shm'),
    ],
  },
  { name: 'sendfile', shows: moved('sendfile', 'file file', 'file out') },
  { name: 'sigio', shows: [wanted('file_sigio', 'pipe', 'task', { flags: 29 })] },
  {
    name: 'signal',
    shows: [wanted('signal', 'task', 'child', { flags: 10 })],
    hides: [wanted('signal', 'task', 'child', { flags: 0 })],
  },
  {
    name: 'splice',
    shows: [
      ...moved('splice', 'file file', 'pipe'),
      wanted('read', 'pipe', 'task'),
      ...moved('splice', 'pipe', 'file out'),
    ],
  },
  { name: 'vmsplice', shows: [wanted('splice_out', 'task', 'pipe')] },
  {
    name: 'xattr',
    shows: [
      wanted('setxattr', 'task', 'xattr', { says: { name: 'user.mood', value: 'calm' } }),
      wanted('setxattr_inode', 'xattr', 'file file'),
      wanted('getxattr_inode', 'file file', 'xattr', { says: { name: 'user.mood', value: 'calm' } }),
      wanted('getxattr', 'xattr', 'task'),
      wanted('listxattr', 'file file', 'task'),
      wanted('removexattr', 'task', 'xattr', { says: { name: 'user.mood', size: 0n } }),
      wanted('removexattr_inode', 'xattr', 'file file'),
    ],
    hides: [
      wanted('removexattr', 'task', 'xattr', { says: { name: 'user.gone' } }),
      wanted('setxattr', 'task', 'xattr', { says: { name: 'security.mine' } }),
    ],
  },
];
