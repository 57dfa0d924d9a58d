import { createHash } from 'node:crypto';
import { changeList, entryLists } from './entry-list.ts';
import { refusal } from './errors.ts';

const booleans = [
  'enable',
  'all',
  'written',
  'should_version',
  'compress_node',
  'compress_edge',
  'duplicate',
];
const privileged = new Set([...booleans, 'flush', 'process', 'uid', 'gid', 'ns', 'secctx_filter', 'epoch']);
const [flagsAt, taintAt] = [40, 56];
const [operationAt, pidAt] = [256, 260];

/** One write that the kernel took. */
export interface ControlWrite {
  readonly file: string;
  readonly bytes: Buffer;
}

/** Stands in for the extended attribute of files. */
export interface StandInAttribute {
  get(target: string | number): Buffer;
  set(target: string | number, value: Uint8Array): void;
}

/**
 * Stands in for the control files of a CamFlow 0.9 kernel: takes what they take, refuses what they refuse, and answers
 * as they do. Tests hold it against bytes that were read from a real one.
 */
export class CamflowKernel {
  /** Contents of the files that are read as they are. */
  readonly contents: Map<string, Buffer> = new Map();
  readonly lists: Map<string, Buffer[]> = new Map(Object.keys(entryLists).map((name) => [name, []]));
  /** Nodes of files and processes, 256 bytes each, by path and by number. */
  readonly fileNodes: Map<string, Buffer> = new Map();
  readonly processNodes: Map<number, Buffer> = new Map();
  /** Files whose file system has no extended attributes. */
  readonly withoutAttributes: Set<string> = new Set();
  readonly writes: ControlWrite[] = [];
  /** Whether the caller may change anything. */
  isRoot = true;
  /** Fails the write with this number, counted from 1; for what happens half-way. */
  failAt = 0;
  /** Writes so far, whether taken or refused. */
  attempts = 0;

  constructor() {
    for (const name of booleans) this.contents.set(name, Buffer.from('0\0'));
    for (const name of ['should_version', 'compress_node', 'compress_edge'])
      this.contents.set(name, Buffer.from('1\0'));
    for (const kind of ['node', 'derived', 'generated', 'used', 'informed']) {
      for (const name of [`${kind}_filter`, `propagate_${kind}_filter`])
        this.contents.set(name, Buffer.alloc(8));
    }
    for (const name of ['machine_id', 'boot_id']) this.contents.set(name, Buffer.alloc(4));
    this.contents.set('dropped', Buffer.alloc(8));
    this.contents.set('version', Buffer.from('v0.9.0'));
    this.contents.set('commit', Buffer.from('0948c30f78c2ca69304d1441dd58581864f4bee1'));
    this.contents.set('self', Buffer.alloc(256));
  }

  read(name: string, sizeBytes: number): Buffer {
    const list = this.lists.get(name);
    const bytes = list === undefined ? this.contents.get(name) : Buffer.concat(list);
    if (bytes === undefined) throw refusal(name === 'node' ? 'EINVAL' : 'EPERM', name);
    if (bytes.length > sizeBytes && !booleans.includes(name)) throw refusal('ENOMEM', name);
    return Buffer.from(bytes.subarray(0, sizeBytes));
  }

  exchange(name: string, memory: Uint8Array): void {
    if (name !== 'process') throw refusal('EINVAL', name);
    const pid = Buffer.from(memory).readInt32LE(pidAt);
    const node = this.processNodes.get(pid);
    if (node === undefined) throw refusal('EINVAL', name);
    memory.set(node);
  }

  write(name: string, written: Uint8Array): void {
    const bytes = Buffer.from(written);
    if (!this.isRoot && (privileged.has(name) || name.includes('filter') || name.startsWith('ipv4'))) {
      throw refusal('EACCES', name);
    }
    if (++this.attempts === this.failAt) throw refusal('EINVAL', name);
    this.#apply(name, bytes);
    this.writes.push({ file: name, bytes });
  }

  /** The extended attribute that shows the nodes of files. */
  readonly attribute: StandInAttribute = {
    get: (target: string | number): Buffer => {
      const node = this.fileNodes.get(String(target));
      if (node === undefined) throw refusal('ENOENT', String(target));
      return Buffer.from(node);
    },
    set: (target: string | number, value: Uint8Array): void => {
      if (++this.attempts === this.failAt) throw refusal('EINVAL', String(target));
      if (this.withoutAttributes.has(String(target))) throw refusal('EOPNOTSUPP', String(target));
      const node = this.fileNodes.get(String(target))!;
      const given = Buffer.from(value);
      const kept = node.readUInt32LE(flagsAt) & ~7;
      node.writeUInt32LE((kept | (given.readUInt32LE(flagsAt) & 7)) >>> 0, flagsAt);
      node.writeBigUInt64LE(node.readBigUInt64LE(taintAt) | given.readBigUInt64LE(taintAt), taintAt);
      this.writes.push({ file: `xattr ${target}`, bytes: given });
    },
  };

  #apply(name: string, bytes: Buffer): void {
    const list = entryLists[name];
    if (list !== undefined) {
      if (bytes.length < list.bytes) throw refusal('ENOMEM', name);
      this.lists.set(name, changeList(list, this.lists.get(name)!, bytes));
    } else if (booleans.includes(name)) {
      // The kernel parses a copy that it does not terminate itself.
      if (!/^[01]+\n?\0/.test(bytes.toString('latin1'))) throw refusal('EINVAL', name);
      this.contents.set(name, Buffer.from(bytes[0] === 0x31 ? '1\0' : '0\0'));
    } else if (name.endsWith('_filter')) this.#filter(name, bytes);
    else if (name === 'process' || name === 'self') this.#process(name, bytes);
    else if (name === 'relay_conf') this.#relay(bytes);
    else if (name === 'node') this.#disclose(bytes);
  }

  #filter(name: string, bytes: Buffer): void {
    if (bytes.length < 24) throw refusal('ENOMEM', name);
    const value = this.contents.get(name)!.readBigUInt64LE();
    const change = bytes.readBigUInt64LE(0) & bytes.readBigUInt64LE(8);
    const changed = Buffer.alloc(8);
    changed.writeBigUInt64LE(bytes[16] === 0 ? value & ~change : value | change);
    this.contents.set(name, changed);
  }

  #process(name: string, bytes: Buffer): void {
    if (bytes.length < 264) throw refusal('EINVAL', name);
    const node =
      name === 'self' ? this.contents.get('self') : this.processNodes.get(bytes.readInt32LE(pidAt));
    if (node === undefined) throw refusal('EINVAL', name);
    const affected = bytes[operationAt]! & 7;
    const flags = (node.readUInt32LE(flagsAt) & ~affected) | (bytes.readUInt32LE(flagsAt) & affected);
    node.writeUInt32LE(flags >>> 0, flagsAt);
    if (bytes[operationAt]! & 8) {
      node.writeBigUInt64LE(node.readBigUInt64LE(taintAt) | bytes.readBigUInt64LE(taintAt), taintAt);
    }
  }

  /** The first write starts the relay; later ones are taken and change nothing. */
  #relay(bytes: Buffer): void {
    if (this.contents.get('boot_id')!.readUInt32LE() !== 0) return;
    this.contents.set('boot_id', Buffer.from(bytes.subarray(0, 4)));
    this.contents.set('machine_id', Buffer.from(bytes.subarray(4, 8)));
  }

  #disclose(bytes: Buffer): void {
    if (bytes.length < 4280) throw refusal('ENOMEM', 'node');
    const made = Buffer.from(bytes);
    made.set(createHash('sha256').update(bytes).digest().subarray(0, 8), 8);
    this.contents.set('node', made);
  }
}
