import type { Dialect } from '@camflow/format-compiler';
import type { JsonObject } from './node-values.ts';
import type { RecordReader } from './record-reader.ts';

/** A socket address in plain words. */
export interface Address {
  readonly family: number;
  readonly name: string;
  readonly host: string;
  readonly service: string;
  readonly path: string;
  /** Empty where the address can be told by host and service, or path. */
  readonly rest: string;
  readonly readable: boolean;
}

const familyNames: Readonly<Record<number, string>> = { 1: 'AF_UNIX', 2: 'AF_INET', 10: 'AF_INET6' };

/** Reads the socket address of an address record that starts at `o`. */
export function readAddress(reader: RecordReader, o: number, dialect: Dialect): Address {
  const size = Number(reader.u64(o + 144) < 128n ? reader.u64(o + 144) : 128n);
  const bytes = reader.bytes(o + 152, 128);
  const family = bytes.readUInt16LE(0);
  const service = String(bytes.readUInt16BE(2));
  const name = familyNames[family] ?? String(family);
  const readable = { family, name, host: '', service, path: '', rest: '', readable: true };
  if (family === 2 && size >= 16) return { ...readable, host: bytes.subarray(4, 8).join('.') };
  if (family === 10 && size >= 28) {
    const scope = bytes.readUInt32LE(24);
    const host = reader.ipv6(o + 160);
    return { ...readable, host: scope === 0 ? host : `${host}%${scope}` };
  }
  if (family === 1) {
    if (bytes[2] === 0 && size > 3) {
      return {
        ...readable,
        path: dialect === 'camflow' ? '' : `@${reader.decode(bytes.subarray(3, size))}`,
      };
    }
    const end = bytes.indexOf(0, 2);
    return { ...readable, path: reader.decode(bytes.subarray(2, end < 0 ? 128 : end)) };
  }
  return { ...readable, readable: false, rest: bytes.toString('hex', 2, Math.max(2, size)) };
}

/**
 * Merges what a disclosed record that starts at `o` holds into the attributes of its node.
 * @param keyOf - the key of a member
 * @param renamed - another key, where that one is taken
 */
export function mergeDisclosed(
  reader: RecordReader,
  o: number,
  values: JsonObject,
  dialect: Dialect,
  wholeTextKey: string,
  keyOf: (name: string) => string,
  renamed: (key: string) => string,
): void {
  const length = reader.u64(o + 144);
  const size = length < 4096n ? Number(length) : 4096;
  const raw = reader.bytes(o + 152, size);
  let end = raw.length;
  while (end > 0 && raw[end - 1] === 0) end--;
  const text = reader.decode(raw.subarray(0, end));
  if (text === '') return;
  let disclosed: JsonObject;
  try {
    disclosed = JSON.parse(`{${text}}`) as JsonObject;
  } catch {
    values[wholeTextKey] = text;
    return;
  }
  for (const [name, value] of Object.entries(disclosed)) {
    let key = keyOf(name);
    while (key in values) key = renamed(key);
    const nested = typeof value === 'object';
    values[key] = nested && dialect === 'default' ? JSON.stringify(value) : value;
  }
}
