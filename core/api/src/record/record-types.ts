import type { ShapeName } from './shapes.ts';

/** The six relation classes of the model, each one W3C PROV relation. */
export type RelationClass = 'used' | 'generated' | 'informed' | 'influenced' | 'associated' | 'derived';

/** The three W3C PROV node classes. */
export type NodeClass = 'activity' | 'entity' | 'agent';

/** One type of record: a kind of node or a kind of relation. */
export interface RecordType {
  /** Position in {@link recordTypes}, 1 and up; stable within a release only. 0 stands for "no known type". */
  readonly index: number;
  /** The name used in configuration, on the command line and in output, for example `process_memory`. */
  readonly name: string;
  /** The 64-bit type code of the record. */
  readonly code: bigint;
  readonly category: 'node' | 'relation';
  readonly class: NodeClass | RelationClass;
  readonly shape: ShapeName;
  /** Whether CamFlow sends it through the long relay. */
  readonly long: boolean;
}

const nodeClassCodes: Readonly<Record<NodeClass, bigint>> = {
  activity: 0x4000n << 48n,
  entity: 0x2000n << 48n,
  agent: 0x1000n << 48n,
};
const longNodeBit = 0x0400n << 48n;

const relationClassCodes: Readonly<Record<RelationClass, bigint>> = {
  derived: 0x8080n << 48n,
  generated: 0x8040n << 48n,
  used: 0x8020n << 48n,
  informed: 0x8010n << 48n,
  influenced: 0x8008n << 48n,
  associated: 0x8004n << 48n,
};

/**
 * Subtype bits from this one up are never used by CamFlow: they are kept for what it cannot express (a signal,
 * an IPv6 packet, a gap). `dialect=camflow` leaves such records out.
 */
export const firstExtensionBit = 32;

type NodeRow = readonly [
  bit: number,
  name: string,
  nodeClass: NodeClass,
  shape: ShapeName,
  relay: 'short' | 'long',
];

const nodeRows: readonly NodeRow[] = [
  [0, 'task', 'activity', 'task', 'short'],
  [1, 'disc_activity', 'activity', 'disclosed', 'long'],
  [4, 'machine', 'agent', 'machine', 'long'],
  [5, 'disc_agent', 'agent', 'disclosed', 'long'],
  [6, 'inode_unknown', 'entity', 'inode', 'short'],
  [7, 'link', 'entity', 'inode', 'short'],
  [8, 'file', 'entity', 'inode', 'short'],
  [9, 'directory', 'entity', 'inode', 'short'],
  [10, 'char', 'entity', 'inode', 'short'],
  [11, 'block', 'entity', 'inode', 'short'],
  [12, 'pipe', 'entity', 'inode', 'short'],
  [13, 'socket', 'entity', 'inode', 'short'],
  [14, 'msg', 'entity', 'msg', 'short'],
  [15, 'shm', 'entity', 'shm', 'short'],
  [16, 'sb', 'entity', 'sb', 'short'],
  [17, 'packet', 'entity', 'packet', 'short'],
  [18, 'iattr', 'entity', 'iattr', 'short'],
  [19, 'process_memory', 'entity', 'process', 'short'],
  [20, 'string', 'entity', 'string', 'long'],
  [21, 'address', 'entity', 'address', 'long'],
  [22, 'path', 'entity', 'path', 'long'],
  [23, 'xattr', 'entity', 'xattr', 'long'],
  [24, 'packet_content', 'entity', 'packet_content', 'long'],
  [25, 'argv', 'entity', 'argument', 'long'],
  [26, 'envp', 'entity', 'argument', 'long'],
  [27, 'disc_entity', 'entity', 'disclosed', 'long'],
  // What CamFlow cannot express.
  [32, 'packet6', 'entity', 'packet6', 'short'],
  // Made by the recorder: records were lost. From the other end of the range, out of the kernel's way.
  [46, 'gap', 'entity', 'gap', 'short'],
];

/** Names of the relations of each class; the position of a name is its subtype bit. */
const relationNames: Readonly<Record<RelationClass, readonly string[]>> = {
  derived: [
    'named',
    'version_entity',
    'send_packet',
    'send_unix',
    'receive_packet',
    'receive_unix',
    'free',
    'setattr_inode',
    'accept_socket',
    'getxattr_inode',
    'setxattr_inode',
    'removexattr_inode',
    'exec',
    'terminate_proc',
    'arg',
    'env',
    'sh_read',
    'sh_write',
    'packet_content',
    'addressed',
    'derived_disc',
  ],
  generated: [
    'clone_mem',
    'msg_create',
    'socket_create',
    'socket_pair_create',
    'inode_create',
    'write',
    'write_ioctl',
    'memory_write',
    'connect',
    'connect_unix_stream',
    'listen',
    'bind',
    'send',
    'send_msg',
    'send_msg_queue',
    'link',
    'rename',
    'unlink',
    'symlink',
    'setattr',
    'setxattr',
    'removexattr',
    'setuid',
    'setpgid',
    'sh_attach',
    'sh_create',
    'file_lock',
    'splice_out',
    'exec_task',
    'ptrace_attach',
    'generated_disc',
  ],
  used: [
    'read',
    'read_ioctl',
    'memory_read',
    'accept',
    'receive',
    'receive_msg',
    'receive_msg_queue',
    'open',
    'file_rcv',
    'file_sigio',
    'search',
    'getattr',
    'read_link',
    'getxattr',
    'listxattr',
    'log',
    'perm_check',
    'getpgid',
    'mmap',
    'mmap_private',
    'load_file',
    'ptrace_read',
    'used_disc',
  ],
  informed: [
    'clone',
    'version_activity',
    'terminate_task',
    'ptrace_attach_task',
    'ptrace_read_task',
    'ptrace_traceme',
    'informed_disc',
  ],
  influenced: [
    'load_unknown',
    'load_firmware',
    'load_module',
    'load_kexec_image',
    'load_kexec_initramfs',
    'load_policy',
    'load_certificate',
    'load_undefined',
    'influenced_disc',
  ],
  associated: ['ran_on', 'associated_disc'],
};

/**
 * Relations that CamFlow cannot express, named like the others; the first name of a class stands for
 * {@link firstExtensionBit}. New names go to the end: what was captured keeps its meaning.
 */
const extensionRelationNames: Readonly<Partial<Record<RelationClass, readonly string[]>>> = {
  derived: ['receive_inet', 'splice', 'tee', 'sendfile', 'copy_file_range', 'sh_file'],
  generated: ['setgid', 'setgroups', 'mount'],
  informed: ['signal'],
};

function buildRecordTypes(): RecordType[] {
  const types: RecordType[] = [];
  for (const [bit, name, nodeClass, shape, relay] of nodeRows) {
    const long = relay === 'long';
    const code = nodeClassCodes[nodeClass] | (long ? longNodeBit : 0n) | (1n << BigInt(bit));
    types.push({ index: types.length + 1, name, code, category: 'node', class: nodeClass, shape, long });
  }
  const addRelations = (relationClass: RelationClass, names: readonly string[], firstBit: number): void => {
    for (const [position, name] of names.entries()) {
      const code = relationClassCodes[relationClass] | (1n << BigInt(firstBit + position));
      types.push({
        index: types.length + 1,
        name,
        code,
        category: 'relation',
        class: relationClass,
        shape: 'relation',
        long: false,
      });
    }
  };
  const classes = Object.keys(relationNames) as RelationClass[];
  for (const each of classes) addRelations(each, relationNames[each], 0);
  for (const each of classes) addRelations(each, extensionRelationNames[each] ?? [], firstExtensionBit);
  return types;
}

/** Every type of record, nodes first; `recordTypes[i].index` is `i + 1`. */
export const recordTypes: readonly RecordType[] = buildRecordTypes();

const byCode = new Map<bigint, RecordType>(recordTypes.map((type) => [type.code, type]));

/** The record type at an index, or undefined for 0 and for indexes out of range. */
export function recordTypeAt(index: number): RecordType | undefined {
  return index > 0 ? recordTypes[index - 1] : undefined;
}

/** The record type with this 64-bit code, if it is a known one. */
export function recordTypeOfCode(code: bigint): RecordType | undefined {
  return byCode.get(code);
}

/** The node type of a name (`link` and `packet_content` name a node type and a relation type). */
export function nodeTypeNamed(name: string): RecordType | undefined {
  return recordTypes.find((type) => type.category === 'node' && type.name === name);
}

/** The relation type of a name. */
export function relationTypeNamed(name: string): RecordType | undefined {
  return recordTypes.find((type) => type.category === 'relation' && type.name === name);
}
