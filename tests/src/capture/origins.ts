import type { CapturedGraph, CapturedNode } from './captured-graph.ts';

/** Everything that some versions go back to, themselves included. */
export function originsOf(graph: CapturedGraph, starts: readonly CapturedNode[]): CapturedNode[] {
  const into = new Map<string, string[]>();
  for (const { from, to } of graph.relations) {
    const sources = into.get(to.key);
    if (sources) sources.push(from.key);
    else into.set(to.key, [from.key]);
  }
  const reached = new Set(starts.map(({ key }) => key));
  // A set visits what is added while it is walked.
  for (const key of reached) for (const from of into.get(key) ?? []) reached.add(from);
  return [...reached].map((key) => {
    const node = graph.nodes.get(key);
    if (node === undefined) throw new Error(`no record describes ${key}, which others come from`);
    return node;
  });
}

/** Every version of the objects that ever had a name, a path's text. */
export function versionsNamed(graph: CapturedGraph, type: string, name: string): CapturedNode[] {
  const objects = new Set(
    graph.relations
      .filter(
        ({ type: kind, from, to }) =>
          kind === 'named' && to.type === type && textOf(graph, from.key) === name,
      )
      .map(({ to }) => to.object),
  );
  return [...graph.nodes.values()].filter(({ object }) => objects.has(object));
}

/** What a path, an argument or the like holds, byte for byte as characters of Latin-1. */
export function textOf({ nodes }: CapturedGraph, key: string): string | undefined {
  return nodes.get(key)?.bytes?.toString('latin1');
}

/** An address of a socket as people write it. */
function addressText(bytes: Buffer): string {
  const [unix, ipv4, ipv6] = [1, 2, 10];
  const family = bytes.readUInt16LE(0);
  if (family === ipv4) return `${bytes.subarray(4, 8).join('.')}:${bytes.readUInt16BE(2)}`;
  if (family === ipv6) return `${bytes.subarray(8, 24).toString('hex')}:${bytes.readUInt16BE(2)}`;
  if (family === unix) return bytes.toString('latin1', 2).replace(/\0+$/, '');
  return bytes.toString('hex');
}

/** Which objects an account leaves out, by what is written of them. */
export type LeftOut = (line: string) => boolean;

/**
 * The objects among some versions, sorted: `file PATH`, `process_memory PATH`, `argv TEXT`, `socket`, ... Those that
 * are written alike have one line, with their number: `task ×4`. An object with several names has them all, as they
 * came among these versions, ` = ` between them. Paths stand for themselves only by the names that they give.
 */
export function accountOf(graph: CapturedGraph, among: readonly CapturedNode[], leftOut: LeftOut): string[] {
  const keys = new Set(among.map(({ key }) => key));
  const names = new Map<string, Set<string>>();
  for (const { type, from, to } of graph.relations) {
    if (type !== 'named' || !keys.has(from.key)) continue;
    const given = names.get(to.object) ?? new Set();
    names.set(to.object, given.add(textOf(graph, from.key)!));
  }
  const lines = new Map<string, string>();
  for (const node of among) {
    if (node.type === 'path') continue;
    const own =
      node.bytes && (node.type === 'address' ? addressText(node.bytes) : node.bytes.toString('latin1'));
    const text = own ?? [...(names.get(node.object) ?? [])].join(' = ');
    lines.set(node.object, `${node.type} ${text}`.trimEnd());
  }
  const numbers = new Map<string, number>();
  for (const line of lines.values()) if (!leftOut(line)) numbers.set(line, (numbers.get(line) ?? 0) + 1);
  return [...numbers].map(([line, number]) => (number === 1 ? line : `${line} ×${number}`)).sort();
}
