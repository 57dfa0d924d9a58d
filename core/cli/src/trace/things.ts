import type { GraphNode, ProvenanceGraph } from './provenance-graph.ts';

/** Something that people would point at: a process with its thread and memory, a file in all its versions. */
export interface Thing {
  readonly key: string;
  /** `process`, or the type of its nodes. */
  readonly kind: string;
  /** A path, or a command line. Empty where there is none. */
  readonly name: string;
  /** Its last node, by version. */
  readonly last: GraphNode;
}

const processTypes: ReadonlySet<string> = new Set(['task', 'process_memory']);

/** A key that all nodes of one thing share. */
export function thingOf({ id, type, attributes }: GraphNode): string {
  const process = attributes['pid'] ?? attributes['tgid'];
  if (processTypes.has(type) && process !== undefined) return `process ${process}`;
  // The version stands at the end of an identifier: everything before it is the same in all versions.
  return `${type} ${Buffer.from(id.replace(/^cf:/, ''), 'base64').subarray(0, 24).toString('hex')}`;
}

/** Everything in a recording that people would point at, by its key. */
export function thingsIn({ nodes, edges }: ProvenanceGraph): ReadonlyMap<string, Thing> {
  const things = new Map<string, Thing>();
  const commandLines = commandLinesIn({ nodes, edges });
  for (const node of nodes.values()) {
    const key = thingOf(node);
    const before = things.get(key);
    const kind = key.startsWith('process ') ? 'process' : node.type;
    const name = commandLines.get(key) ?? textOf(node) ?? before?.name ?? '';
    const last = before !== undefined && isLater(before.last, node) ? before.last : node;
    things.set(key, { key, kind, name, last });
  }
  return things;
}

function textOf({ attributes }: GraphNode): string | undefined {
  const text = attributes['name'] ?? attributes['pathname'] ?? attributes['address'] ?? attributes['value'];
  return typeof text === 'string' ? text : undefined;
}

function isLater(a: GraphNode, b: GraphNode): boolean {
  return Number(a.attributes['version'] ?? 0) > Number(b.attributes['version'] ?? 0);
}

/** The arguments of each process: of the program that it executed last. */
function commandLinesIn({ nodes, edges }: ProvenanceGraph): ReadonlyMap<string, string> {
  const argumentsOf = new Map<string, { memory: bigint; words: Map<bigint, string> }>();
  for (const { type, cause, effect } of edges) {
    const [word, memory] = [nodes.get(cause), nodes.get(effect)];
    if (type !== 'arg' || word === undefined || memory === undefined) continue;
    const number = numberOf(memory);
    const key = thingOf(memory);
    const known = argumentsOf.get(key);
    const entry =
      known !== undefined && known.memory >= number ? known : { memory: number, words: new Map() };
    if (entry.memory === number) entry.words.set(numberOf(word), textOf(word) ?? '');
    argumentsOf.set(key, entry);
  }
  return new Map(
    [...argumentsOf].map(([key, { words }]) => {
      const ordered = [...words].sort(([a], [b]) => (a < b ? -1 : 1));
      return [key, ordered.map(([, word]) => shown(word)).join(' ')];
    }),
  );
}

/** The number that the kernel gave a node. */
function numberOf({ attributes }: GraphNode): bigint {
  const number = attributes['id'] ?? attributes['object_id'];
  return typeof number === 'string' && /^\d+$/.test(number) ? BigInt(number) : 0n;
}

function shown(word: string): string {
  return /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
