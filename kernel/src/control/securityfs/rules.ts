import { CamflowError, decodeText, maskOf } from '@camflow/api';
import { isCgroupNamespace, resolveSelector } from '../cgroups.ts';
import type { Rule, RuleControl, RuleKind, RuleRequest, RuleSelector, RuleTarget } from '../rules.ts';
import { type ControlFiles, readList } from './control-files.ts';

/** Operation that removes an entry, whatever it says. */
const deleteOperation = 0x10;

/** The kernel's lists: a file, the size of a structure, and how rules are written to it and read from it. */
interface List {
  readonly file: string;
  readonly bytes: number;
  write(entry: Buffer, selector: RuleSelector, operation: number): void;
  read(entry: Buffer): Rule;
}

/** `struct userinfo`, `struct groupinfo`: number and operation. */
function identities(kind: 'user' | 'group', file: string): List {
  return {
    file,
    bytes: 16,
    write(entry, selector, operation) {
      if (selector.kind !== kind) return;
      entry.writeUInt32LE(selector.id, 0);
      entry[4] = operation;
    },
    read: (entry) => ({ selector: { kind, id: entry.readUInt32LE(0) }, bits: entry[4]! }),
  };
}

/** `struct prov_ipv4_filter`: address, mask and port in network order, operation. */
function ipv4(kind: 'ipv4-ingress' | 'ipv4-egress', file: string): List {
  return {
    file,
    bytes: 24,
    write(entry, selector, operation) {
      if (selector.kind !== kind) return;
      const { address, prefix, port } = selector.range;
      entry.set(address, 0);
      entry.set(maskOf(prefix, 4), 4);
      entry.writeUInt16BE(port, 8);
      entry[10] = operation;
    },
    read(entry) {
      const address = Uint8Array.prototype.slice.call(entry, 0, 4);
      const mask = entry.readUInt32BE(4);
      // Only whole prefixes are ever written.
      const range = {
        family: 4,
        address,
        prefix: 32 - countTrailingZeros(mask),
        port: entry.readUInt16BE(8),
      } as const;
      return { selector: { kind, range }, bits: entry[10]! };
    },
  };
}

const contextAt = 4;
const contextBytes = 4096;
const contextLengthAt = 4100;

/** `struct secinfo`: the kernel finds the number to the text itself. */
const contexts: List = {
  file: 'secctx_filter',
  bytes: 4120,
  write(entry, selector, operation) {
    if (selector.kind !== 'secctx') return;
    const text = Buffer.from(selector.context);
    if (text.length >= contextBytes) {
      throw new CamflowError('CONFIG_BAD_VALUE', `A security context of ${text.length} bytes is too long`, {
        hint: `CamFlow takes up to ${contextBytes - 1} bytes.`,
      });
    }
    entry.set(text, contextAt);
    entry.writeUInt32LE(text.length, contextLengthAt);
    entry[4104] = operation;
  },
  read(entry) {
    const length = Math.min(entry.readUInt32LE(contextLengthAt), contextBytes);
    const bytes = entry.subarray(contextAt, contextAt + (length || contextBytes));
    const end = bytes.indexOf(0);
    return {
      selector: { kind: 'secctx', context: decodeText(end < 0 ? bytes : bytes.subarray(0, end)) },
      bits: entry[4104]!,
    };
  },
};

const cgroupAt = 20;

/** `struct nsinfo`: six namespaces, of which 0 stands for any. */
const namespaces: List = {
  file: 'ns',
  bytes: 40,
  write(entry, selector, operation) {
    if (selector.kind !== 'cgroup') return;
    // What others said may be anything, and can be taken back.
    const most = operation === deleteOperation ? 0xffff_ffffn : 0n;
    if (!isCgroupNamespace(selector.id) && (selector.id <= 0n || selector.id > most)) {
      throw new CamflowError('CONFIG_BAD_VALUE', `${selector.id} is not the inode of a cgroup namespace`, {
        hint: 'CamFlow 0.9 knows no cgroups but their namespaces: give /proc/PID/ns/cgroup, or its inode.',
      });
    }
    entry.writeUInt32LE(Number(selector.id), cgroupAt);
    entry[24] = operation;
  },
  read: (entry) => ({
    selector: { kind: 'cgroup', id: BigInt(entry.readUInt32LE(cgroupAt)) },
    bits: entry[24]!,
  }),
};

const lists: ReadonlyMap<RuleKind, List> = new Map<RuleKind, List>([
  ['ipv4-ingress', ipv4('ipv4-ingress', 'ipv4_ingress')],
  ['ipv4-egress', ipv4('ipv4-egress', 'ipv4_egress')],
  ['secctx', contexts],
  ['cgroup', namespaces],
  ['user', identities('user', 'uid')],
  ['group', identities('group', 'gid')],
]);

/**
 * What is to be written for a rule, and into which file.
 * @throws CamflowError `UNSUPPORTED` or `CONFIG_BAD_VALUE` where CamFlow has no structure for it
 */
export function entryOf(selector: RuleSelector, operation: number): { file: string; entry: Buffer } {
  const list = lists.get(selector.kind);
  if (list === undefined) {
    throw new CamflowError('UNSUPPORTED', 'CamFlow 0.9 has no rules about IPv6 addresses', {
      hint: 'Use IPv4 rules, or capture by BPF programs on a kernel without CamFlow.',
    });
  }
  const entry = Buffer.alloc(list.bytes);
  list.write(entry, selector, operation);
  return { file: list.file, entry };
}

/** Rules of a CamFlow kernel. */
export class SecurityfsRules implements RuleControl {
  readonly #files: ControlFiles;

  constructor(files: ControlFiles) {
    this.#files = files;
  }

  list(kind: RuleKind): Rule[] {
    const list = lists.get(kind);
    return list === undefined ? [] : readList(this.#files, list.file, list.bytes).map(list.read);
  }

  add({ selector, bits }: RuleRequest): void {
    this.#write(resolveSelector(selector), bits);
  }

  remove(target: RuleTarget): void {
    this.#write(resolveSelector(target), deleteOperation);
  }

  #write(selector: RuleSelector, operation: number): void {
    const { file, entry } = entryOf(selector, operation);
    this.#files.write(file, entry);
  }
}

function countTrailingZeros(value: number): number {
  return value === 0 ? 32 : 31 - Math.clz32(value & -value);
}
