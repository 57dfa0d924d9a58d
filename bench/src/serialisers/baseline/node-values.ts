import type { SecurityContextLookup, ShapeName } from '@camflow/api';
import { type Dialect, libraryVersion } from '@camflow/format-compiler';
import type { RecordReader } from './record-reader.ts';

/** An object that becomes JSON. */
export type JsonObject = Record<string, unknown>;

/**
 * The attributes of a node beyond those of every node.
 * @param o - where the record starts
 */
export function nodeValues(
  reader: RecordReader,
  shape: ShapeName,
  o: number,
  dialect: Dialect,
  contexts: SecurityContextLookup,
): JsonObject {
  const camflow = dialect === 'camflow';
  const hex = (value: number): string => `0x${value.toString(16)}`;
  const decimal = (at: number): string => reader.u64(at).toString();
  const signed = (at: number): string => reader.i64(at).toString();
  const wide = (at: number): number | string => {
    const value = reader.u64(at);
    return camflow && value <= Number.MAX_SAFE_INTEGER ? Number(value) : value.toString();
  };
  const secid = reader.u32(o + 124);
  const secctx = contexts.text(secid) ?? secid.toString(16);
  const uid = reader.u32(o + 128);
  const gid = reader.u32(o + 132);
  switch (shape) {
    case 'task':
      return {
        pid: reader.u32(o + 144),
        vpid: reader.u32(o + 148),
        utime: decimal(o + 152),
        stime: decimal(o + 160),
        vm: decimal(o + 168),
        rss: decimal(o + 176),
        hw_vm: decimal(o + 184),
        hw_rss: decimal(o + 192),
        rbytes: decimal(o + 200),
        wbytes: decimal(o + 208),
        cancel_wbytes: decimal(o + 216),
        utsns: reader.u32(o + 224),
        ipcns: reader.u32(o + 228),
        mntns: reader.u32(o + 232),
        pidns: reader.u32(o + 236),
        netns: reader.u32(o + 240),
        cgroupns: reader.u32(o + 244),
        secctx,
      };
    case 'process':
      return { uid, gid, tgid: reader.u32(o + 144), secctx };
    case 'inode':
      return {
        uid,
        gid,
        mode: hex(reader.u16(o + 152)),
        secctx,
        ino: wide(o + 144),
        uuid: reader.uuid(o + 154),
      };
    case 'iattr':
      return {
        valid: hex(reader.u32(o + 144)),
        mode: hex(reader.u16(o + 148)),
        uid,
        gid,
        size: signed(o + 152),
        atime: signed(o + 160),
        ctime: signed(o + 168),
        mtime: signed(o + 176),
      };
    case 'shm':
      return { mode: hex(reader.u16(o + 144)) };
    case 'sb':
      return { uuid: reader.uuid(o + 144) };
    case 'string':
      return { log: reader.text(o + 144, 4096) };
    case 'path':
      return { pathname: reader.text(o + 144, 4096) };
    case 'xattr': {
      const name = reader.text(o + 144, 256);
      if (camflow && reader.u64(o + 4240) === 0n) return { name };
      const values = { name, size: wide(o + 4240) };
      return camflow ? values : { ...values, value: reader.base64(o + 400, 3840, reader.u64(o + 4240)) };
    }
    case 'packet6':
      return {
        seq: reader.be32(o + 184),
        sender: reader.endpoint6(o + 144, o + 176),
        receiver: reader.endpoint6(o + 160, o + 178),
        protocol: reader.u8(o + 182),
        length: reader.be16(o + 180),
      };
    case 'gap':
      return {
        cause: reader.text(o + 144, 24),
        stream: reader.text(o + 168, 16),
        count: reader.text(o + 184, 24),
        from: reader.text(o + 208, 24),
        until: reader.text(o + 232, 24),
      };
    case 'packet_content':
      return {
        content: reader.base64(o + 144, 4096, reader.u64(o + 4240)),
        length: wide(o + 4240),
        truncated: String(reader.u8(o + 4248) !== 0),
      };
    case 'argument': {
      const value = reader.text(o + 144, 4096);
      const truncated = String(reader.u8(o + 4248) !== 0);
      return camflow ? { value, truncated } : { value, length: decimal(o + 4240), truncated };
    }
    case 'machine':
      return {
        u_sysname: reader.text(o + 147, 65),
        u_nodename: reader.text(o + 212, 65),
        u_release: reader.text(o + 277, 65),
        u_version: reader.text(o + 342, 65),
        u_machine: reader.text(o + 407, 65),
        u_domainname: reader.text(o + 472, 65),
        k_version: `${reader.u8(o + 144)}.${reader.u8(o + 145)}.${reader.u8(o + 146)}`,
        k_commit: reader.text(o + 537, 256),
        l_version: libraryVersion,
      };
    default:
      return {};
  }
}

/** Texts that CamFlow leaves out where they are empty. */
const textual: readonly string[] = [
  ...['name', 'secctx', 'log', 'pathname', 'content', 'value', 'k_commit', 'u_sysname', 'u_nodename'],
  ...['u_release', 'u_version', 'u_machine', 'u_domainname', 'cf:name'],
];

/** Takes out the attributes that CamFlow's dialect leaves out. */
export function withoutEmpty(values: JsonObject): JsonObject {
  for (const key of textual) if (values[key] === '') delete values[key];
  return values;
}
