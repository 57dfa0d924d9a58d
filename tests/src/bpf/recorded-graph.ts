import { recordTypeOfCode } from '@camflow/api';

/** One version of a node. */
export interface RecordedNode {
  /** Type, id and version in one text. */
  readonly key: string;
  /** Name of its type, or its code in hexadecimal where the model has none. */
  readonly type: string;
  readonly id: bigint;
  readonly version: number;
  /** Of a path, an argument or an address: what it holds. */
  readonly bytes: Buffer | undefined;
  /** Of a task. */
  readonly pid: number | undefined;
}

/** One relation: information flows `from` one version `to` another, each given by its key. */
export interface RecordedRelation {
  /** Class and bit of its type, as in `relation 2.0` for `read`. */
  readonly number: string;
  /** As above, for the model's relations by name. */
  readonly type: string;
  readonly from: string;
  readonly to: string;
}

/** What a recording holds, read without the project's own decoder: this is what that is held against. */
export interface RecordedGraph {
  readonly records: number;
  readonly nodes: ReadonlyMap<string, RecordedNode>;
  readonly relations: readonly RecordedRelation[];
}

const frameBytes = 16;
const textTypes: ReadonlySet<string> = new Set(['path', 'argv', 'envp', 'address']);
const relationBit = 1n << 63n;

/** Reads the frames that the test's recorder wrote. */
export function readGraph(bytes: Buffer): RecordedGraph {
  const nodes = new Map<string, RecordedNode>();
  const relations: RecordedRelation[] = [];
  let records = 0;
  for (let at = 0; at < bytes.length; at += bytes.readUInt32LE(at), records++) {
    const record = bytes.subarray(at + frameBytes, at + bytes.readUInt32LE(at));
    if (record.readBigUInt64LE(0) & relationBit) relations.push(readRelation(record));
    else {
      const node = readNode(record);
      nodes.set(node.key, node);
    }
  }
  return { records, nodes, relations };
}

function keyAt(record: Buffer, at: number): string {
  return `${record.readBigUInt64LE(at).toString(16)}:${record.readBigUInt64LE(at + 8)}:${record.readUInt32LE(at + 24)}`;
}

function readNode(record: Buffer): RecordedNode {
  const code = record.readBigUInt64LE(0);
  const type = recordTypeOfCode(code)?.name ?? code.toString(16);
  return {
    key: keyAt(record, 0),
    type,
    id: record.readBigUInt64LE(8),
    version: record.readUInt32LE(24),
    bytes: textTypes.has(type) ? record.subarray(160, 160 + record.readUInt32LE(152)) : undefined,
    pid: type === 'task' ? record.readUInt32LE(144) : undefined,
  };
}

function readRelation(record: Buffer): RecordedRelation {
  const code = record.readBigUInt64LE(0);
  const classNumber = 55 - ((code >> 48n) & 0xffn).toString(2).length - 47;
  const bit = (code & ((1n << 48n) - 1n)).toString(2).length - 1;
  const number = `${classNumber}.${bit}`;
  return {
    number,
    type: recordTypeOfCode(code)?.name ?? number,
    from: keyAt(record, 72),
    to: keyAt(record, 104),
  };
}

/** Ends of relations that no node record describes. */
export function danglingEnds({ nodes, relations }: RecordedGraph): string[] {
  return relations.flatMap(({ type, from, to }) =>
    [from, to].filter((key) => !nodes.has(key)).map((key) => `${type} ${key}`),
  );
}

/** Ids that stand for nodes of more than one type. Paths are numbered by what they say, and so apart. */
export function changedTypes({ nodes }: RecordedGraph): string[] {
  const types = new Map<bigint, string>();
  const changed: string[] = [];
  for (const { id, type } of nodes.values()) {
    if (type === 'path' || type === 'machine') continue;
    if ((types.get(id) ?? type) !== type) changed.push(`${id}: ${types.get(id)} and ${type}`);
    types.set(id, type);
  }
  return changed;
}

/** Nodes on a cycle or behind one: what is left when nodes that nothing leads to are taken away again and again. */
export function nodesOnCycles({ relations }: RecordedGraph): number {
  const incoming = new Map<string, number>();
  const outgoing = new Map<string, string[]>();
  for (const { from, to } of relations) {
    incoming.set(from, incoming.get(from) ?? 0);
    incoming.set(to, (incoming.get(to) ?? 0) + 1);
    outgoing.set(from, [...(outgoing.get(from) ?? []), to]);
  }
  const free = [...incoming].filter(([, count]) => count === 0).map(([key]) => key);
  for (let key = free.pop(); key !== undefined; key = free.pop()) {
    incoming.delete(key);
    for (const to of outgoing.get(key) ?? []) {
      const left = incoming.get(to)! - 1;
      incoming.set(to, left);
      if (left === 0) free.push(to);
    }
  }
  return incoming.size;
}

/** Names of every node, by type and id: all it ever had. */
function namesById({ nodes, relations }: RecordedGraph): Map<string, string[]> {
  const names = new Map<string, string[]>();
  for (const { type, from, to } of relations) {
    if (type !== 'named') continue;
    const node = to.slice(0, to.lastIndexOf(':'));
    names.set(node, [...(names.get(node) ?? []), nodes.get(from)!.bytes!.toString()]);
  }
  return names;
}

/** Everything that the last version of the node with this name goes back to, that node included: `type name`. */
export function originsOf(graph: RecordedGraph, type: string, name: string): Set<string> {
  const names = namesById(graph);
  const isIt = (node: RecordedNode): boolean =>
    node.type === type && (names.get(node.key.slice(0, node.key.lastIndexOf(':')))?.includes(name) ?? false);
  const last = [...graph.nodes.values()].filter(isIt).sort((a, b) => b.version - a.version)[0];
  if (!last) return new Set();
  const into = new Map<string, string[]>();
  for (const { from, to } of graph.relations) into.set(to, [...(into.get(to) ?? []), from]);
  const seen = new Set([last.key]);
  const origins = new Set<string>();
  for (const key of seen) {
    for (const from of into.get(key) ?? []) seen.add(from);
    const node = graph.nodes.get(key)!;
    const called = node.bytes ? [node.bytes.toString()] : names.get(key.slice(0, key.lastIndexOf(':')));
    for (const each of called ?? ['']) origins.add(`${node.type} ${each}`.trimEnd());
  }
  return origins;
}
