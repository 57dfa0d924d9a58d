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

/** Which objects an account leaves out, by what is written of them. */
export type LeftOut = (line: string) => boolean;

/**
 * The objects among some versions, one line each, sorted: `file PATH`, `process_memory PATH`, `argv TEXT`, `socket`,
 * ... An object with several names has them all, as they came among these versions, ` = ` between them. Paths stand
 * for themselves only by the names that they give.
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
    const text = node.bytes?.toString('latin1') ?? [...(names.get(node.object) ?? [])].join(' = ');
    lines.set(node.object, `${node.type} ${text}`.trimEnd());
  }
  return [...lines.values()].filter((line) => !leftOut(line)).sort();
}
