import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const object = fileURLToPath(new URL('../../dist/bpf/camflow.bpf.o', import.meta.url));
const bpftool = '/usr/sbin/bpftool';

/** What is missing to read the types of the compiled programs; undefined where nothing is. For tests. */
export function missingForStructures(): string | undefined {
  const missing = [object, bpftool].filter((file) => !existsSync(file));
  return missing.length === 0 ? undefined : `no ${missing.join(', no ')}`;
}

/** A member, those of structures within it included: `node.header.epoch`. */
export interface CompiledMember {
  /** In bytes, from the start of the outermost structure. */
  readonly offset: number;
  readonly size: number;
}

/** A structure in the type information of the compiled programs. */
export interface CompiledStructure {
  readonly size: number;
  readonly members: ReadonlyMap<string, CompiledMember>;
}

interface BtfType {
  readonly kind: string;
  readonly name: string;
  readonly size?: number;
  readonly type_id?: number;
  readonly nr_elems?: number;
  readonly members?: readonly { name: string; type_id: number; bits_offset: number }[];
}

/** The structures by name. */
export function compiledStructures(): Map<string, CompiledStructure> {
  const dump = execFileSync(bpftool, ['-j', 'btf', 'dump', 'file', object], {
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  const types = new Map<number, BtfType>(
    (JSON.parse(dump) as { types: (BtfType & { id: number })[] }).types.map((type) => [type.id, type]),
  );
  const found = new Map<string, CompiledStructure>();
  for (const type of types.values()) {
    if (type.kind !== 'STRUCT' || type.name === '(anon)') continue;
    const members = new Map<string, CompiledMember>();
    collect(types, type, '', 0, members);
    found.set(type.name, { size: type.size!, members });
  }
  return found;
}

function collect(
  types: ReadonlyMap<number, BtfType>,
  structure: BtfType,
  prefix: string,
  start: number,
  into: Map<string, CompiledMember>,
): void {
  for (const { name, type_id, bits_offset } of structure.members ?? []) {
    const member = resolved(types, type_id);
    const offset = start + bits_offset / 8;
    const isAnonymous = name === '(anon)' || name === '';
    if (!isAnonymous) into.set(prefix + name, { offset, size: sizeOf(types, member) });
    if (member.members !== undefined)
      collect(types, member, isAnonymous ? prefix : `${prefix}${name}.`, offset, into);
  }
}

function resolved(types: ReadonlyMap<number, BtfType>, id: number): BtfType {
  const type = types.get(id)!;
  return ['TYPEDEF', 'CONST', 'VOLATILE'].includes(type.kind) ? resolved(types, type.type_id!) : type;
}

function sizeOf(types: ReadonlyMap<number, BtfType>, type: BtfType): number {
  if (type.kind === 'PTR') return 8;
  if (type.kind === 'ARRAY') return type.nr_elems! * sizeOf(types, resolved(types, type.type_id!));
  return type.size ?? 0;
}
