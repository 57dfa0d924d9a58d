/** Bits of `modes`. */
export const modes = {
  all: 1,
  keepVersions: 2,
  keepNodes: 4,
  keepEdges: 8,
  duplicate: 16,
  /** What is not tracked leaves hooks early. */
  sieve: 32,
  /** What a tracked process writes becomes tracked. */
  spreads: 64,
  /** Of extended attributes only names and sizes are recorded. */
  hideValues: 128,
  /** A recording of somebody's own is running. */
  own: 256,
  /**
   * Of user space alone, as are the next two: somebody said what is to be captured. A recorder that was not asked for
   * anything else records that, and leaves it so.
   */
  policySet: 0x4000_0000,
  /** Whether it is everything; until somebody says so, what a recorder does that was not asked for anything else. */
  policyAll: 0x2000_0000,
  /** Whether anything is captured, likewise. */
  policyEnabled: 0x1000_0000,
} as const;

/** Flags of a node, of a mark and of what policies say. */
export const nodeFlags = { tracked: 1, opaque: 2, propagate: 4, record: 32 } as const;

/** Flag of what is tracked not only for a recording of somebody's own. No one is told of it. */
export const heldFlag = 1024;

/** Kinds of policies that are told apart by a number. */
export const policyKinds = { user: 0, group: 1, cgroup: 2, namespace: 3, context: 4 } as const;

/** Classes of relations, in the order of their numbers. */
export const relationClasses = [
  'derived',
  'generated',
  'used',
  'informed',
  'influenced',
  'associated',
] as const;

/** Bit of `policies` where there are rules about addresses. */
export const anyAddress: number = 0x8000_0000;

/** A member of a C structure. */
export interface MemberLayout {
  readonly offset: number;
  readonly size: 4 | 8;
}

/** The members that user space reads or writes, by structure. */
interface StructureMembers {
  cf_config:
    | 'version'
    | 'enabled'
    | 'modes'
    | 'machine_id'
    | 'boot_id'
    | 'epoch'
    | 'recorder'
    | 'argument_limit'
    | 'policies'
    | FilterMember
    | ShedMember
    | 'left_nodes'
    | 'leaves_relations';
  cf_ids: 'node' | 'relation';
  cf_left_out: 'from' | 'to';
  cf_stats:
    | 'taken'
    | 'ring_full'
    | 'state_failures'
    | 'truncated'
    | 'contended'
    | 'shed'
    | 'senders_kept'
    | 'senders_gone';
  cf_count: 'offered' | 'written' | 'compressed' | 'filtered' | 'unselected' | 'lost' | 'shed';
  cf_machine: 'id' | 'type' | 'step';
  cf_mark: 'flags' | 'taint';
  cf_node: 'id' | 'type' | 'step' | 'name' | 'taint' | 'flags' | 'secid' | 'uid' | 'gid';
  cf_file_key: 'ino' | 'device' | 'generation';
  cf_file: 'flags' | 'taint';
  cf_policy_key: 'kind' | 'id';
  cf_policy: 'flags';
  cf_signal_key: 'process' | 'signal';
  cf_signal: 'time' | 'sender';
  cf_request: 'kind' | 'target' | 'set' | 'clear' | 'taint' | 'change' | 'found';
}

type RelationClass = (typeof relationClasses)[number];
type FilterMember = `${'' | 'propagate_'}${'node' | RelationClass}_filter`;
type ShedMember = 'shed_nodes' | `shed_${RelationClass}`;

/** Name of a structure that the programs share with user space. */
export type StructureName = keyof StructureMembers;

/** Values of a structure by member. */
export type Values<Name extends StructureName> = Record<StructureMembers[Name], bigint>;

/** Where things are in a structure. */
export interface StructureLayout<Name extends StructureName> {
  /** Bytes of the whole structure. */
  readonly size: number;
  readonly members: Readonly<Record<StructureMembers[Name], MemberLayout>>;
}

const u32 = (offset: number): MemberLayout => ({ offset, size: 4 });
const u64 = (offset: number): MemberLayout => ({ offset, size: 8 });

/** The structures of kernel/bpf/camflow.h that user space touches. A test holds them against the types in the object. */
export const structures: { readonly [Name in StructureName]: StructureLayout<Name> } = {
  cf_config: {
    size: 240,
    members: {
      version: u64(0),
      enabled: u32(8),
      modes: u32(12),
      machine_id: u32(16),
      boot_id: u32(20),
      epoch: u32(24),
      recorder: u32(28),
      argument_limit: u32(32),
      policies: u32(36),
      node_filter: u64(40),
      derived_filter: u64(48),
      generated_filter: u64(56),
      used_filter: u64(64),
      informed_filter: u64(72),
      propagate_node_filter: u64(80),
      propagate_derived_filter: u64(88),
      propagate_generated_filter: u64(96),
      propagate_used_filter: u64(104),
      propagate_informed_filter: u64(112),
      influenced_filter: u64(120),
      associated_filter: u64(128),
      propagate_influenced_filter: u64(136),
      propagate_associated_filter: u64(144),
      shed_nodes: u64(152),
      // The six of shed_relations.
      shed_derived: u64(160),
      shed_generated: u64(168),
      shed_used: u64(176),
      shed_informed: u64(184),
      shed_influenced: u64(192),
      shed_associated: u64(200),
      left_nodes: u64(224),
      leaves_relations: u32(232),
    },
  },
  cf_ids: { size: 96, members: { node: u64(0), relation: u64(8) } },
  cf_left_out: { size: 16, members: { from: u64(0), to: u64(8) } },
  cf_stats: {
    size: 64,
    members: {
      taken: u64(0),
      ring_full: u64(8),
      state_failures: u64(16),
      truncated: u64(24),
      contended: u64(32),
      shed: u64(40),
      senders_kept: u64(48),
      senders_gone: u64(56),
    },
  },
  cf_count: {
    size: 56,
    members: {
      offered: u64(0),
      written: u64(8),
      compressed: u64(16),
      filtered: u64(24),
      unselected: u64(32),
      lost: u64(40),
      shed: u64(48),
    },
  },
  // Its members are those of the `struct cf_node` at its start.
  cf_machine: { size: 784, members: { id: u64(0), type: u64(8), step: u64(16) } },
  cf_mark: { size: 16, members: { flags: u32(0), taint: u64(8) } },
  cf_node: {
    size: 128,
    members: {
      id: u64(0),
      type: u64(8),
      step: u64(16),
      name: u64(40),
      taint: u64(48),
      flags: u32(60),
      secid: u32(68),
      uid: u32(72),
      gid: u32(76),
    },
  },
  cf_file_key: { size: 16, members: { ino: u64(0), device: u32(8), generation: u32(12) } },
  cf_file: { size: 32, members: { flags: u32(0), taint: u64(8) } },
  cf_policy_key: { size: 16, members: { kind: u32(0), id: u64(8) } },
  cf_policy: { size: 8, members: { flags: u32(0) } },
  cf_signal_key: { size: 8, members: { process: u32(0), signal: u32(4) } },
  cf_signal: { size: 16, members: { time: u64(0), sender: u32(8) } },
  cf_request: {
    size: 192,
    members: {
      kind: u32(0),
      target: u32(4),
      set: u32(8),
      clear: u32(12),
      taint: u64(16),
      change: u32(24),
      found: u32(28),
    },
  },
};

/** Where in `struct cf_request` the file's key, the number of its file system and the node are. */
export const requestOffsets = { key: 32, uuid: 48, node: 64 } as const;

/** Where in `struct cf_file` the number of the file system is, and how long it is. */
export const fileUuid = { offset: 16, bytes: 16 } as const;

/** Where in the `struct cf_node` of a file the number of its file system is, and how long it is. */
export const nodeUuid = { offset: 98, bytes: 16 } as const;

/** How `struct cf_address_rules` is made. */
export const addressRules = {
  size: 4104,
  most: 128,
  rulesOffset: 8,
  ruleBytes: 32,
  offsets: { prefix: 16, port: 20, flags: 24 },
} as const;

/** Bytes of a `struct cf_context`: a text that ends with NUL. */
export const contextBytes: number = 256;

/** Where in `struct cf_machine` the text starts. */
export const machineTextOffset = 128;

/** Reads a structure. */
export function readStructure<Name extends StructureName>(
  name: Name,
  bytes: Uint8Array,
  at = 0,
): Values<Name> {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, structures[name].size);
  const values: Record<string, bigint> = {};
  for (const [member, { offset, size }] of membersOf(name)) {
    values[member] = size === 8 ? view.getBigUint64(offset, true) : BigInt(view.getUint32(offset, true));
  }
  return values as Values<Name>;
}

/** Writes members of a structure; the others stay as they are in `bytes`. */
export function writeStructure<Name extends StructureName>(
  name: Name,
  bytes: Uint8Array,
  values: Readonly<Partial<Record<StructureMembers[Name], number | bigint>>>,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, structures[name].size);
  for (const [member, { offset, size }] of membersOf(name)) {
    const value = (values as Readonly<Record<string, number | bigint | undefined>>)[member];
    if (value === undefined) continue;
    if (size === 8) view.setBigUint64(offset, BigInt(value), true);
    else view.setUint32(offset, Number(value), true);
  }
}

function membersOf(name: StructureName): [string, MemberLayout][] {
  return Object.entries(structures[name].members);
}
