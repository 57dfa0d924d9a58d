import { array, type Field, scalar } from './field.ts';

/** Names of the record structures: each record type has one. */
export type ShapeName =
  | 'relation'
  | 'process'
  | 'task'
  | 'inode'
  | 'iattr'
  | 'msg'
  | 'shm'
  | 'sb'
  | 'packet'
  | 'packet6'
  | 'string'
  | 'path'
  | 'address'
  | 'packet_content'
  | 'argument'
  | 'disclosed'
  | 'xattr'
  | 'machine'
  | 'gap';

/** One record structure: its used size in bytes and its fields by name. */
export interface Shape {
  readonly name: ShapeName;
  /** Bytes used, without an array of recorded length; the record on the wire may be longer. */
  readonly size: number;
  readonly fields: ReadonlyMap<string, Field>;
}

const nodeIdentifier: readonly Field[] = [
  scalar('identifier', 'identifier', 0),
  scalar('type', 'u64', 0),
  scalar('id', 'u64', 8),
  scalar('boot_id', 'u32', 16),
  scalar('machine_id', 'u32', 20),
  scalar('version', 'u32', 24),
];

const header: readonly Field[] = [
  scalar('epoch', 'u32', 32),
  scalar('nepoch', 'u32', 36),
  scalar('internal_flag', 'u32', 40),
  scalar('jiffies', 'u64', 48),
  scalar('taint', 'u64', 56),
];

const nodeCommon: readonly Field[] = [
  scalar('name_id', 'identifier', 64),
  scalar('previous_id', 'u64', 96),
  scalar('previous_version', 'u32', 104),
  scalar('previous_type', 'u64', 112),
  scalar('k_version', 'u32', 120),
  scalar('secid', 'u32', 124),
  scalar('uid', 'u32', 128),
  scalar('gid', 'u32', 132),
  scalar('var_ptr', 'u64', 136),
];

const relationFields: readonly Field[] = [
  scalar('allowed', 'u8', 64),
  scalar('snd', 'identifier', 72),
  scalar('rcv', 'identifier', 104),
  scalar('set', 'u8', 136),
  scalar('offset', 'i64', 144),
  scalar('flags', 'u64', 152),
  scalar('task_id', 'u64', 160),
];

/**
 * A packet's identifier is made of its header fields; the bytes are in network order. Of packets that agree in all of
 * them, records of stock kernels tell one from the next by the bytes 25-27, which CamFlow leaves zero.
 */
const packetIdentifier: readonly Field[] = [
  scalar('identifier', 'identifier', 0),
  scalar('type', 'u64', 0),
  scalar('packet_id', 'be16', 8),
  scalar('snd_ip', 'ipv4', 12),
  scalar('rcv_ip', 'ipv4', 16),
  scalar('snd_port', 'be16', 20),
  scalar('rcv_port', 'be16', 22),
  scalar('protocol', 'u8', 24),
  scalar('seq', 'be32', 28),
];

function shape(
  name: ShapeName,
  size: number,
  identifier: readonly Field[],
  specific: readonly Field[],
): Shape {
  const fields = new Map<string, Field>();
  for (const field of [...identifier, ...header, ...specific]) fields.set(field.name, field);
  return { name, size, fields };
}

/** A structure with the common part of all nodes and some fields of its own. */
export function shapeOfNode(name: ShapeName, size: number, specific: readonly Field[]): Shape {
  return shape(name, size, nodeIdentifier, [...nodeCommon, ...specific]);
}

const shapeList: readonly Shape[] = [
  shape(
    'relation',
    168,
    nodeIdentifier.filter((field) => field.name !== 'version'),
    relationFields,
  ),
  shapeOfNode('process', 152, [scalar('tgid', 'u32', 144)]),
  shapeOfNode('task', 256, [
    scalar('pid', 'u32', 144),
    scalar('vpid', 'u32', 148),
    scalar('utime', 'u64', 152),
    scalar('stime', 'u64', 160),
    scalar('vm', 'u64', 168),
    scalar('rss', 'u64', 176),
    scalar('hw_vm', 'u64', 184),
    scalar('hw_rss', 'u64', 192),
    scalar('rbytes', 'u64', 200),
    scalar('wbytes', 'u64', 208),
    scalar('cancel_wbytes', 'u64', 216),
    scalar('utsns', 'u32', 224),
    scalar('ipcns', 'u32', 228),
    scalar('mntns', 'u32', 232),
    scalar('pidns', 'u32', 236),
    scalar('netns', 'u32', 240),
    scalar('cgroupns', 'u32', 244),
    scalar('disc', 'u64', 248),
  ]),
  shapeOfNode('inode', 176, [
    scalar('ino', 'u64', 144),
    scalar('mode', 'u16', 152),
    scalar('sb_uuid', 'uuid', 154),
  ]),
  shapeOfNode('iattr', 184, [
    scalar('valid', 'u32', 144),
    scalar('mode', 'u16', 148),
    scalar('size', 'i64', 152),
    scalar('atime', 'i64', 160),
    scalar('ctime', 'i64', 168),
    scalar('mtime', 'i64', 176),
  ]),
  shapeOfNode('msg', 152, [scalar('message_type', 'i64', 144)]),
  shapeOfNode('shm', 152, [scalar('mode', 'u16', 144)]),
  shapeOfNode('sb', 160, [scalar('uuid', 'uuid', 144)]),
  shape('packet', 152, packetIdentifier, [...nodeCommon, scalar('len', 'be16', 144)]),
  shapeOfNode('packet6', 192, [
    scalar('snd_ip6', 'ipv6', 144),
    scalar('rcv_ip6', 'ipv6', 160),
    scalar('snd_port', 'be16', 176),
    scalar('rcv_port', 'be16', 178),
    scalar('len', 'be16', 180),
    scalar('protocol', 'u8', 182),
    scalar('seq', 'be32', 184),
  ]),
  shapeOfNode('string', 4248, [array('str', 'text', 144, 4096), scalar('length', 'u64', 4240)]),
  shapeOfNode('path', 4248, [array('name', 'text', 144, 4096), scalar('length', 'u64', 4240)]),
  shapeOfNode('address', 280, [scalar('length', 'u64', 144), array('addr', 'bytes', 152, 128)]),
  shapeOfNode('packet_content', 4256, [
    array('content', 'bytes', 144, 4096),
    scalar('length', 'u64', 4240),
    scalar('truncated', 'u8', 4248),
  ]),
  shapeOfNode('argument', 4256, [
    array('value', 'text', 144, 4096),
    scalar('length', 'u64', 4240),
    scalar('truncated', 'u8', 4248),
  ]),
  shapeOfNode('disclosed', 4280, [
    scalar('length', 'u64', 144),
    array('content', 'bytes', 152, 4096),
    scalar('parent', 'identifier', 4248),
  ]),
  shapeOfNode('xattr', 4248, [
    array('name', 'text', 144, 256),
    array('value', 'bytes', 400, 3840),
    scalar('size', 'u64', 4240),
  ]),
  shapeOfNode('machine', 800, [
    scalar('cam_major', 'u8', 144),
    scalar('cam_minor', 'u8', 145),
    scalar('cam_patch', 'u8', 146),
    array('sysname', 'text', 147, 65),
    array('nodename', 'text', 212, 65),
    array('release', 'text', 277, 65),
    array('version_text', 'text', 342, 65),
    array('machine', 'text', 407, 65),
    array('domainname', 'text', 472, 65),
    array('commit', 'text', 537, 256),
  ]),
  shapeOfNode('gap', 256, [
    array('cause', 'text', 144, 24),
    array('stream', 'text', 168, 16),
    array('count', 'text', 184, 24),
    array('from', 'text', 208, 24),
    array('until', 'text', 232, 24),
  ]),
];

/** Every record structure of CamFlow 0.9 by name, and those of the nodes that it cannot express. */
export const shapes: ReadonlyMap<ShapeName, Shape> = new Map(shapeList.map((entry) => [entry.name, entry]));

/**
 * The field of a structure.
 * @param among - the structures of an interface. Default CamFlow 0.9's, which fields of the common part do not need
 * @throws Error if the structure has no such field: a mistake of the caller, not of the data
 */
export function fieldOf(
  shapeName: ShapeName,
  fieldName: string,
  among: ReadonlyMap<ShapeName, Shape> = shapes,
): Field {
  const field = among.get(shapeName)?.fields.get(fieldName);
  if (!field) throw new Error(`record structure ${shapeName} has no field ${fieldName}`);
  return field;
}
