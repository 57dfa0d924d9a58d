import type { CapturedGraph, CapturedNode, VersionKey } from './captured-graph.ts';

/** What is allowed in a graph, beside nothing. */
export interface Allowances {
  /** Records were lost, and counted: what refers to them, and their numbers, may be missing. Default false. */
  readonly losses?: boolean;
  /** Objects keep their versions for ever, so that what goes out and comes in again is a cycle. Default false. */
  readonly cycles?: boolean;
}

/** Relations from one version of an object to its next. */
export const versionRelations: ReadonlySet<string> = new Set([
  'version_entity',
  'version_activity',
  'free',
  'terminate_proc',
  'terminate_task',
]);

/** Fields that stay the same for as long as there is the object, by structure. Of a task, see {@link changedTasks}. */
const lasting: Readonly<Record<string, readonly string[]>> = {
  process_memory: ['tgid'],
  file: ['ino', 'sb_uuid'],
  directory: ['ino', 'sb_uuid'],
  link: ['ino', 'sb_uuid'],
  char: ['ino', 'sb_uuid'],
  block: ['ino', 'sb_uuid'],
  pipe: ['ino', 'sb_uuid'],
  socket: ['ino', 'sb_uuid'],
};

/** Relations of which the source is looked up by a name. */
const relationsOfNamed = new Set(['open', 'exec']);

/** Types of inodes that have one. */
const nameable = new Set(['file', 'directory', 'link', 'char', 'block']);

/** Types whose identifiers are made from what they hold. */
const namedByContent = new Set(['path', 'machine', 'packet', 'packet6']);

const mostOfAKind = 5;

/**
 * What is wrong with a graph, in words, a few of each kind: records that cannot be read or are missing, cycles, ends
 * of relations and names that no record describes, what is opened without a name, identifiers given twice, two of them
 * for one inode, objects that change their type or what they are, versions that nothing links to the one before.
 * @returns nothing where it is as it must be
 */
export function faultsOf(
  graph: CapturedGraph,
  { losses = false, cycles: versionless = false }: Allowances = {},
): string[] {
  const faults = [
    graph.malformed > 0 ? [`${graph.malformed} records are malformed`] : [],
    repeatedRelations(graph),
    changedTypes(graph),
    changedObjects(graph),
    changedTasks(graph),
    inodesTwice(graph),
    versionless ? [] : cycles(graph),
  ];
  if (!losses) {
    faults.push(
      graph.missing > 0 ? [`${graph.missing} records are missing between others`] : [],
      danglingEnds(graph),
      namelessNames(graph),
      unnamedInodes(graph),
      openedWithoutName(graph),
      unlinkedVersions(graph),
    );
  }
  return faults.flatMap((kind) => [
    ...kind.slice(0, mostOfAKind),
    ...(kind.length > mostOfAKind ? [`... and ${kind.length - mostOfAKind} like the last`] : []),
  ]);
}

/** A version as a message calls it. */
function called({ type, id, version }: VersionKey): string {
  return `${type} ${id} v${version}`;
}

function repeatedRelations({ relations }: CapturedGraph): string[] {
  const seen = new Set<bigint>();
  return relations.flatMap(({ id, type }) => {
    if (seen.has(id)) return [`two relations have the identifier ${id}, one of them ${type}`];
    seen.add(id);
    return [];
  });
}

/** Whether types that share an identifier follow one another is all that could explain it, and nothing does. */
function changedTypes({ snapshots, relations }: CapturedGraph): string[] {
  const types = new Map<bigint, string>();
  const ends = relations.flatMap(({ from, to }) => [from, to]);
  return [...snapshots, ...ends].flatMap(({ id, type }) => {
    if (namedByContent.has(type)) return [];
    const before = types.get(id) ?? type;
    types.set(id, type);
    return before === type ? [] : [`${id} is ${before} and ${type}`];
  });
}

function changedObjects({ snapshots }: CapturedGraph): string[] {
  const first = new Map<string, CapturedNode>();
  return snapshots.flatMap((node) => {
    const before = first.get(node.object);
    if (before === undefined) first.set(node.object, node);
    return (lasting[node.type] ?? []).flatMap((field) => {
      const [was, is] = [before?.fields.get(field), node.fields.get(field)];
      return before === undefined || was === is
        ? []
        : [`${called(node)} has ${field} ${is}, and had ${was} as v${before.version}`];
    });
  });
}

/**
 * A task that executes takes over the number of its process's first thread, once and only so: the version that executes
 * may be the last with the old number or the first with the new one.
 */
function changedTasks({ snapshots, relations }: CapturedGraph): string[] {
  const executions = new Map<string, number[]>();
  for (const { type, from } of relations) {
    if (type !== 'exec_task') continue;
    executions.set(from.object, [...(executions.get(from.object) ?? []), from.version]);
  }
  const tasks = new Map<string, CapturedNode[]>();
  for (const node of snapshots) {
    if (node.type === 'task') tasks.set(node.object, [...(tasks.get(node.object) ?? []), node]);
  }
  return [...tasks.values()].flatMap((records) => {
    records.sort((a, b) => a.version - b.version);
    let changes = 0;
    return records.slice(1).flatMap((node, at) => {
      const before = records[at]!;
      const [was, is] = [before.fields.get('pid'), node.fields.get('pid')];
      if (was === is) return [];
      changes += 1;
      const executed = executions
        .get(node.object)
        ?.some((version) => version >= before.version && version <= node.version);
      return executed && changes === 1
        ? []
        : [`${called(node)} has pid ${is}, and had ${was} as v${before.version}`];
    });
  });
}

/**
 * Inodes that two identifiers stand for at the same time. A number is used again once its inode is gone; what tells of
 * that may come late, and does not count. File systems without an identifier share their numbers: they are passed over.
 */
function inodesTwice({ snapshots, relations }: CapturedGraph): string[] {
  const spans = new Map<string, { first: number; last: number }>();
  relations.forEach(({ type, from, to }, at) => {
    if (versionRelations.has(type)) return;
    for (const { object } of [from, to]) {
      const span = spans.get(object);
      if (span === undefined) spans.set(object, { first: at, last: at });
      else span.last = at;
    }
  });
  const inodes = new Map<string, Map<string, CapturedNode>>();
  for (const node of snapshots) {
    const [ino, uuid] = ['ino', 'sb_uuid'].map((field) => node.fields.get(field));
    if (ino === undefined || uuid === undefined || /^[0-]*$/.test(String(uuid))) continue;
    const objects = inodes.get(`${ino} ${uuid}`) ?? new Map<string, CapturedNode>();
    inodes.set(`${ino} ${uuid}`, objects.set(node.object, node));
  }
  return [...inodes.values()].flatMap((objects) => {
    const lives = [...objects.values()]
      .flatMap((node) => {
        const span = spans.get(node.object);
        return span === undefined ? [] : [{ node, ...span }];
      })
      .sort((a, b) => a.first - b.first);
    return lives.flatMap(({ node, first }, at) => {
      const before = lives[at - 1];
      if (before === undefined || before.last < first) return [];
      return [`${called(before.node)} and ${called(node)} are one inode at once`];
    });
  });
}

/** Versions on a cycle or behind one: what is left when those that nothing leads to are taken away again and again. */
function cycles({ relations }: CapturedGraph): string[] {
  const incoming = new Map<string, number>();
  const outgoing = new Map<string, VersionKey[]>();
  for (const { from, to } of relations) {
    incoming.set(from.key, incoming.get(from.key) ?? 0);
    incoming.set(to.key, (incoming.get(to.key) ?? 0) + 1);
    const targets = outgoing.get(from.key);
    if (targets) targets.push(to);
    else outgoing.set(from.key, [to]);
  }
  const free = [...incoming].filter(([, count]) => count === 0).map(([key]) => key);
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    incoming.delete(key);
    for (const to of outgoing.get(key) ?? []) {
      const left = incoming.get(to.key)! - 1;
      incoming.set(to.key, left);
      if (left === 0) free.push(to.key);
    }
  }
  return relations
    .filter(({ from, to }) => incoming.has(from.key) && incoming.has(to.key))
    .map(({ type, from, to }) => `${type} from ${called(from)} to ${called(to)} is on a cycle or behind one`);
}

function danglingEnds({ nodes, relations }: CapturedGraph): string[] {
  return relations.flatMap(({ type, from, to }) =>
    [from, to]
      .filter(({ key }) => !nodes.has(key))
      .map((end) => `no record describes ${called(end)}, an end of ${type}`),
  );
}

function namelessNames({ nodes, snapshots }: CapturedGraph): string[] {
  return snapshots.flatMap((node) =>
    node.name === undefined || nodes.has(node.name.key)
      ? []
      : [`no record describes the name of ${called(node)}`],
  );
}

/** Names of inodes come by relations; tasks and processes also take them over from one another. */
function unnamedInodes({ snapshots, relations }: CapturedGraph): string[] {
  const given = new Set(
    relations.filter(({ type }) => type === 'named').map(({ from, to }) => `${from.key} ${to.object}`),
  );
  return snapshots.flatMap((node) =>
    node.name === undefined || !node.fields.has('ino') || given.has(`${node.name.key} ${node.object}`)
      ? []
      : [`nothing relates ${called(node)} to its name`],
  );
}

function openedWithoutName({ relations }: CapturedGraph): string[] {
  const named = new Set(relations.filter(({ type }) => type === 'named').map(({ to }) => to.object));
  const found = new Map<string, string>();
  for (const { type, from } of relations) {
    if (relationsOfNamed.has(type) && nameable.has(from.type) && !named.has(from.object))
      found.set(from.object, `${called(from)} has no name, and there is ${type} of it`);
  }
  return [...found.values()];
}

function unlinkedVersions({ nodes, relations }: CapturedGraph): string[] {
  const linked = new Set(
    relations
      .filter(({ type, from, to }) => versionRelations.has(type) && from.object === to.object)
      .map(({ from, to }) => `${from.object} ${from.version} ${to.version}`),
  );
  const versions = new Map<string, CapturedNode[]>();
  for (const node of nodes.values()) {
    if (namedByContent.has(node.type)) continue;
    const known = versions.get(node.object);
    if (known) known.push(node);
    else versions.set(node.object, [node]);
  }
  return [...versions.values()].flatMap((known) => {
    known.sort((a, b) => a.version - b.version);
    return known
      .slice(1)
      .filter((node) => !linked.has(`${node.object} ${node.version - 1} ${node.version}`))
      .map((node) => `nothing links ${called(node)} to the version before it`);
  });
}
