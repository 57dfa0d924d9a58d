/** Folder in which programs, links and maps are pinned. */
export const pinFolder = '/sys/fs/bpf/camflow';

/** Bits of `modes`. */
export const modes = { all: 1 } as const;

/** Flags of a node, and of a mark. */
export const nodeFlags = { tracked: 1, opaque: 2, propagate: 4 } as const;

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
    | 'argument_limit';
  cf_stats: 'taken' | 'ring_full' | 'state_failures' | 'truncated' | 'contended';
  cf_count: 'offered' | 'written' | 'compressed' | 'filtered' | 'unselected' | 'lost';
  cf_machine: 'id' | 'type' | 'step';
  cf_mark: 'flags' | 'taint';
}

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
    size: 120,
    members: {
      version: u64(0),
      enabled: u32(8),
      modes: u32(12),
      machine_id: u32(16),
      boot_id: u32(20),
      epoch: u32(24),
      recorder: u32(28),
      argument_limit: u32(32),
    },
  },
  cf_stats: {
    size: 40,
    members: {
      taken: u64(0),
      ring_full: u64(8),
      state_failures: u64(16),
      truncated: u64(24),
      contended: u64(32),
    },
  },
  cf_count: {
    size: 48,
    members: {
      offered: u64(0),
      written: u64(8),
      compressed: u64(16),
      filtered: u64(24),
      unselected: u64(32),
      lost: u64(40),
    },
  },
  // Its members are those of the `struct cf_node` at its start.
  cf_machine: { size: 776, members: { id: u64(0), type: u64(8), step: u64(16) } },
  cf_mark: { size: 16, members: { flags: u32(0), taint: u64(8) } },
};

/** Where in `struct cf_machine` the text starts. */
export const machineTextOffset = 120;

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
