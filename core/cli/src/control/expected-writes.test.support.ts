import type { CapturedLayout } from './captured-layout.test.support.ts';

/** What a command must write, and where to. */
export interface ExpectedWrite {
  readonly file: string;
  readonly bytes: Buffer;
}

/** What is known of the kernel before the command. */
export interface CapturedKernel {
  readonly layout: CapturedLayout;
  /** Numbers of types, by category and name. */
  readonly types: ReadonlyMap<string, bigint>;
  /** Numbers of accounts, by name. */
  readonly accounts: ReadonlyMap<string, number>;
  /** Attributes of files as they stand, by path. */
  readonly attributes: ReadonlyMap<string, Buffer>;
}

type Command = (kernel: CapturedKernel, subject: string, word: string) => readonly ExpectedWrite[];

/** Operations of rules and marks. */
const bits = { tracked: 0x01, opaque: 0x02, propagate: 0x04, taint: 0x08, delete: 0x10, record: 0x20 };
const verbs: Readonly<Record<string, number>> = {
  track: bits.tracked,
  propagate: bits.tracked | bits.propagate,
  record: bits.tracked | bits.record,
  opaque: bits.opaque,
  delete: bits.delete,
};
const subtypeMask = 0x0000_ffff_ffff_ffffn;
const allOnes = 0xffff_ffff_ffff_ffffn;

const one = (file: string, bytes: Buffer): readonly ExpectedWrite[] => [{ file, bytes }];

/** Text in base 2, with the NUL that the kernel does not add. */
const turn =
  (file: string): Command =>
  (_, word) =>
    one(file, Buffer.from(word === 'true' ? '1\0' : '0\0'));

/** Flags that are changed, what they become, and taint that is added. */
interface Mark {
  readonly changed: number;
  readonly flags: number;
  readonly taint: bigint;
}

const marks: Readonly<Record<string, (word: string) => Mark>> = {
  // `true` leaves propagation as it was; `propagate` and `false` are about both.
  track: (word) => {
    const both = bits.tracked | bits.propagate;
    if (word === 'true') return { changed: bits.tracked, flags: bits.tracked, taint: 0n };
    return { changed: both, flags: word === 'propagate' ? both : 0, taint: 0n };
  },
  opaque: (word) => ({ changed: bits.opaque, flags: word === 'true' ? bits.opaque : 0, taint: 0n }),
  taint: (word) => ({ changed: 0, flags: 0, taint: 1n << BigInt(word) }),
};

/** The whole attribute: file systems store all of it, so everything else stays as it was read. */
const markFile =
  (mark: (word: string) => Mark): Command =>
  ({ layout, attributes }, path, word) => {
    const { changed, flags, taint } = mark(word);
    const node = Buffer.from(attributes.get(path)!);
    const before = Number(layout.get(node, 'msg_struct', 'internal_flag'));
    layout.set(node, 'msg_struct', 'internal_flag', (before & ~changed) | flags);
    layout.set(node, 'msg_struct', 'taint', layout.get(node, 'msg_struct', 'taint') | taint);
    return one(`xattr ${path}`, node);
  };

/** Of the node nothing counts but flags and taint. */
const markProcess =
  (mark: (word: string) => Mark): Command =>
  ({ layout }, pid, word) => {
    const { changed, flags, taint } = mark(word);
    const prov = layout.make('msg_struct', { internal_flag: flags, taint });
    const op = changed | (taint === 0n ? 0 : bits.taint);
    return one('process', layout.make('prov_process_config', { prov, op, vpid: Number(pid) }));
  };

/** Address, mask and port in network order; the address as it is given, since the kernel applies the mask itself. */
const address =
  (file: string): Command =>
  ({ layout }, subject, word) => {
    const [, host, prefix, port] = /^([\d.]+)\/(\d+):(\d+)$/.exec(subject)!;
    const mask = Buffer.alloc(4);
    mask.writeUInt32BE(Number(prefix) === 0 ? 0 : (0xffff_ffff << (32 - Number(prefix))) >>> 0);
    const ip = Buffer.from(host!.split('.').map(Number));
    const networkPort = Buffer.from([Number(port) >> 8, Number(port) & 0xff]);
    return one(file, layout.make('prov_ipv4_filter', { ip, mask, port: networkPort, op: verbs[word]! }));
  };

const account =
  (file: 'uid' | 'gid', structure: string): Command =>
  ({ layout, accounts }, name, word) =>
    one(file, layout.make(structure, { [file]: accounts.get(name)!, op: verbs[word]! }));

/** Bits of the type, and which bits a type has; a relation's class tells the filter. */
const filter =
  (category: 'node' | 'relation', prefix: string): Command =>
  ({ layout, types }, name, word) => {
    const code = types.get(`${category} ${name}`)!;
    const file = category === 'node' ? 'node' : relationClasses.get(code & ~subtypeMask)!;
    const content = { filter: code & subtypeMask, mask: subtypeMask, add: word === 'true' ? 1 : 0 };
    return one(`${prefix}${file}_filter`, layout.make('prov_filter', content));
  };

const relationClasses: ReadonlyMap<bigint, string> = new Map([
  [0x8080_0000_0000_0000n, 'derived'],
  [0x8040_0000_0000_0000n, 'generated'],
  [0x8020_0000_0000_0000n, 'used'],
  [0x8010_0000_0000_0000n, 'informed'],
]);

const resetFilters: Command = ({ layout }) =>
  ['', 'propagate_'].flatMap((prefix) =>
    ['node', ...relationClasses.values()].map((file) => ({
      file: `${prefix}${file}_filter`,
      bytes: layout.make('prov_filter', { filter: allOnes, mask: allOnes, add: 0 }),
    })),
  );

/** By option. What is not here writes nothing. */
const commands: Readonly<Record<string, Command>> = {
  '-e': turn('enable'),
  '-a': turn('all'),
  '--enable-version': turn('should_version'),
  '--compress-node': turn('compress_node'),
  '--compress-edge': turn('compress_edge'),
  '--duplicate': turn('duplicate'),
  ...Object.fromEntries(
    Object.entries(marks).flatMap(([name, mark]) => [
      [`--${name}-file`, markFile(mark)],
      [`--${name}-process`, markProcess(mark)],
    ]),
  ),
  '--track-ipv4-ingress': address('ipv4_ingress'),
  '--track-ipv4-egress': address('ipv4_egress'),
  '--track-user': account('uid', 'userinfo'),
  '--track-group': account('gid', 'groupinfo'),
  '--track-cgroup': ({ layout }, inode, word) =>
    one('ns', layout.make('nsinfo', { cgroupns: Number(inode), op: verbs[word]! })),
  // The kernel finds the number to the text.
  '--track-secctx': ({ layout }, text, word) => {
    const secctx = Buffer.from(text);
    return one('secctx_filter', layout.make('secinfo', { secctx, len: secctx.length, op: verbs[word]! }));
  },
  '--node-filter': filter('node', ''),
  '--edge-filter': filter('relation', ''),
  '--node-propagate-filter': filter('node', 'propagate_'),
  '--edge-propagate-filter': filter('relation', 'propagate_'),
  '--reset-filter': resetFilters,
  // Any bytes do.
  '--change-epoch': () => one('epoch', Buffer.from('1')),
};

/** What a command that succeeds writes, sorted by file: where it is more than one, the order does not matter. */
export function expectedWrites(argv: readonly string[], kernel: CapturedKernel): ExpectedWrite[] {
  const [option = '', subject = '', word = ''] = argv;
  return sortedWrites(commands[option]?.(kernel, subject, word) ?? []);
}

/** What camconfd writes to start the relay. */
export function expectedRelay(
  layout: CapturedLayout,
  request: Readonly<Record<'boot_id' | 'machine_id' | 'buff_exp' | 'subuf_nb', number>>,
): ExpectedWrite {
  return { file: 'relay_conf', bytes: layout.make('relay_conf', request) };
}

/** Writes in the order of the names of their files. */
export function sortedWrites(writes: readonly ExpectedWrite[]): ExpectedWrite[] {
  return writes.toSorted((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}
