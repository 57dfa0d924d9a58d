import type { ShapeName } from '@camflow/api';
import { type Attribute, integer, number, string, type ValueAttribute, when } from '../table/attribute.ts';
import {
  base64,
  decimal,
  endpoint6,
  hex,
  isSet,
  type Part,
  securityContext,
  text,
  uuid,
} from '../table/content.ts';
import type { Dialect } from './dialect.ts';
import { libraryVersion } from './library-version.ts';

/** The attributes that records of one structure have beyond those of every node, in CamFlow's order. */
export type NodeAttributes = Readonly<Partial<Record<ShapeName, readonly Attribute[]>>>;

/**
 * The attributes of CamFlow's nodes, by structure. Relations and packets are not among them, nor are addresses
 * and disclosed nodes: their keys are a matter of the format.
 * @param prefix - stands before every key
 */
export function nodeAttributes(prefix: '' | 'cf:', dialect: Dialect): NodeAttributes {
  const camflow = dialect === 'camflow';
  const key = (name: string): string => prefix + name;
  /** CamFlow leaves empty text out; otherwise it is there and empty. */
  const textual = (name: string, about: string, ...parts: Part[]): ValueAttribute => {
    const attribute = string(key(name), about, ...parts);
    return camflow ? when('nonempty', attribute) : attribute;
  };
  /** CamFlow writes some 64-bit fields as numbers: they stay numbers where readers can take them. */
  const wide = (name: string, about: string, field: string): ValueAttribute =>
    (camflow ? integer : string)(key(name), about, decimal(field));
  const quoted = (name: string, about: string): ValueAttribute => string(key(name), about, decimal(name));
  const plain = (name: string, about: string): ValueAttribute => number(key(name), about, decimal(name));

  const owner = [plain('uid', 'user, initial namespace'), plain('gid', 'group, initial namespace')];
  const secctx = textual('secctx', 'security context; its number where no text is known', securityContext);
  // The forms with and without 0x are CamFlow's, and parsers hash these texts: they stay in both dialects.
  const mode = string(key('mode'), 'type and permission bits, hexadecimal', '0x', hex('mode'));
  const truncated = string(
    key('truncated'),
    'whether the record could not hold all of it',
    isSet('truncated'),
  );
  const length = camflow ? [] : [quoted('length', 'length before truncation, in bytes')];
  const size = 'size of the value, in bytes';

  return {
    task: [
      plain('pid', 'process id in the initial namespace'),
      plain('vpid', 'process id in its own namespace'),
      quoted('utime', 'user time, in microseconds'),
      quoted('stime', 'system time, in microseconds'),
      quoted('vm', 'virtual memory, in KiB'),
      quoted('rss', 'resident memory, in KiB'),
      quoted('hw_vm', 'highest virtual memory, in KiB'),
      quoted('hw_rss', 'highest resident memory, in KiB'),
      quoted('rbytes', 'bytes read'),
      quoted('wbytes', 'bytes written'),
      quoted('cancel_wbytes', 'bytes written and never stored'),
      plain('utsns', 'UTS namespace'),
      plain('ipcns', 'IPC namespace'),
      plain('mntns', 'mount namespace'),
      plain('pidns', 'process id namespace'),
      plain('netns', 'network namespace'),
      plain('cgroupns', 'cgroup namespace'),
      // CamFlow's W3C tasks have none.
      ...(camflow && prefix === 'cf:' ? [] : [secctx]),
    ],
    process: [...owner, plain('tgid', 'thread group'), secctx],
    inode: [
      ...owner,
      mode,
      secctx,
      wide('ino', 'inode number', 'ino'),
      string(key('uuid'), 'UUID of the file system', uuid('sb_uuid')),
    ],
    iattr: [
      string(key('valid'), 'mask of the attributes that are set, hexadecimal', '0x', hex('valid')),
      mode,
      ...owner,
      quoted('size', 'size, in bytes'),
      quoted('atime', 'access time, in seconds since 1970'),
      quoted('ctime', 'change time, in seconds since 1970'),
      quoted('mtime', 'modification time, in seconds since 1970'),
    ],
    msg: [],
    // CamFlow prefixes this one key in both formats.
    shm: [camflow ? { ...mode, key: 'cf:mode' } : mode],
    sb: [string(key('uuid'), 'UUID of the file system', uuid('uuid'))],
    string: [textual('log', 'text that a program logged', text('str'))],
    path: [textual('pathname', 'the path', text('name'))],
    xattr: [
      textual('name', 'name of the extended attribute', text('name')),
      camflow ? when({ positive: 'size' }, wide('size', size, 'size')) : quoted('size', size),
      // CamFlow keeps the value to itself.
      ...(camflow
        ? []
        : [string(key('value'), 'value, base64: as many bytes as were kept', base64('value', 'size'))]),
    ],
    packet6: [
      plain('seq', 'TCP sequence number, else 0'),
      string(key('sender'), 'address and port of the sender', endpoint6('snd_ip6', 'snd_port')),
      string(key('receiver'), 'address and port of the receiver', endpoint6('rcv_ip6', 'rcv_port')),
      plain('protocol', 'protocol of the payload: 6 TCP, 17 UDP'),
      number(key('length'), 'total length of the IP packet, in bytes', decimal('len')),
    ],
    gap: [
      string(key('cause'), 'why records were lost, as docs/errors.md lists it', text('cause')),
      string(key('stream'), 'the stream that lost them, `unknown` where it is not known', text('stream')),
      string(key('count'), 'records that were lost, `unknown` where it is not known', text('count')),
      string(key('from'), 'when the first of them was lost at the earliest, UTC', text('from')),
      string(key('until'), 'when the last of them was lost at the latest, UTC', text('until')),
    ],
    packet_content: [
      textual('content', 'bytes of the packet, base64', base64('content', 'length')),
      wide('length', 'length of the packet, in bytes', 'length'),
      truncated,
    ],
    argument: [textual('value', 'the text, up to 4,096 bytes', text('value')), ...length, truncated],
    machine: [
      textual('u_sysname', 'name of the kernel', text('sysname')),
      textual('u_nodename', 'name of the host', text('nodename')),
      textual('u_release', 'release of the kernel', text('release')),
      textual('u_version', 'version of the kernel', text('version_text')),
      textual('u_machine', 'hardware', text('machine')),
      textual('u_domainname', 'name of the domain', text('domainname')),
      string(
        key('k_version'),
        'version of CamFlow in the kernel',
        decimal('cam_major'),
        '.',
        decimal('cam_minor'),
        '.',
        decimal('cam_patch'),
      ),
      textual('k_commit', 'commit of CamFlow in the kernel', text('commit')),
      string(key('l_version'), 'version of the library that wrote this', libraryVersion),
    ],
  };
}
