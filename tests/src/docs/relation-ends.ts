import { type HookArea, type HookRecord, hookAreas } from './hook-tables.ts';
import { namesOf } from './model-pages.ts';

/** Types of nodes that the tables call an inode. */
const inodeTypes = ['inode_unknown', 'file', 'directory', 'link', 'char', 'block', 'pipe', 'socket'] as const;

/** What belongs to sequences and to every hook, and is in no table: `RELATION FROM > TO`. */
const everywhere: readonly string[] = [
  'ran_on machine > task',
  'memory_write task > process_memory',
  'memory_read process_memory > task',
  'sh_write process_memory > file',
  'sh_read file > process_memory',
  'version_activity task > task',
  'named path > process_memory',
  ...inodeTypes.map((type) => `named path > ${type}`),
  ...['process_memory', 'machine', 'msg', 'shm', 'sb', 'iattr', 'xattr', ...inodeTypes].map(
    (type) => `version_entity ${type} > ${type}`,
  ),
];

/** The types of nodes that a table means by an end: `new process_memory`, `inode`, `packet or packet6`. */
export function endTypes(end: string): readonly string[] {
  return end.split(' or ').flatMap((one) => {
    const type = one.split(' ').at(-1)!;
    return type === 'inode' ? inodeTypes : [type];
  });
}

function linesOf(record: HookRecord): string[] {
  return namesOf(record).flatMap((name) =>
    endTypes(record.from).flatMap((from) => endTypes(record.to).map((to) => `${name} ${from} > ${to}`)),
  );
}

/** Every relation with the types of its ends that the tables of hooks allow, in lines like `write task > file`. */
export function allowedRelations(areas: readonly HookArea[] = hookAreas()): ReadonlySet<string> {
  return new Set([
    ...everywhere,
    ...areas.flatMap(({ rows }) => rows.flatMap(({ records }) => records.flatMap(linesOf))),
  ]);
}

/** A relation, as far as it matters here. */
interface Relation {
  readonly type: string;
  readonly from: { readonly type: string };
  readonly to: { readonly type: string };
}

/** What was recorded that no table of hooks has: another relation, other ends, or the other direction. */
export function outsideTables(relations: readonly Relation[]): string[] {
  const allowed = allowedRelations();
  const lines = new Set(relations.map(({ type, from, to }) => `${type} ${from.type} > ${to.type}`));
  return [...lines].filter((line) => !allowed.has(line)).sort();
}
