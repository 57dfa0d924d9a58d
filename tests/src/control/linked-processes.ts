import type { SpadeEntry } from '../system/spade-entries.ts';

type Attributes = Readonly<Record<string, unknown>>;

/** Nodes by identifier, and what is tied to what. */
export interface Ties {
  readonly nodes: ReadonlyMap<string, Attributes>;
  readonly ties: readonly (readonly [string, string])[];
}

/** Of lines in the format `spade_json`. */
export function spadeTies(entries: readonly SpadeEntry[]): Ties {
  return {
    nodes: new Map(entries.flatMap(({ id, annotations }) => (id === undefined ? [] : [[id, annotations]]))),
    ties: entries.flatMap(({ id, from, to }) => (id === undefined ? [[from, to] as const] : [])),
  };
}

/** Of lines in the format `w3c`, each a document of its own. */
export function w3cTies(file: Buffer): Ties {
  const nodes = new Map<string, Attributes>();
  const ties: (readonly [string, string])[] = [];
  for (const line of file.toString().split('\n')) {
    if (line === '') continue;
    const { prefix: _, ...sections } = JSON.parse(line) as Record<string, Record<string, Attributes>>;
    for (const [section, members] of Object.entries(sections)) {
      for (const [id, attributes] of Object.entries(members)) {
        if (['entity', 'activity', 'agent'].includes(section)) nodes.set(id, attributes);
        else ties.push(endsOf(attributes));
      }
    }
  }
  return { nodes, ties };
}

/** The two that a relation of PROV-JSON names first: `prov:entity`, `prov:activity` and their like. */
function endsOf(relation: Attributes): readonly [string, string] {
  const ends = Object.entries(relation).flatMap(([key, value]) =>
    /^prov:(?!type$|label$|time$)/.test(key) && typeof value === 'string' ? [value] : [],
  );
  return [ends[0]!, ends[1]!];
}

/** Numbers of the tasks that something which a program told of is tied to; it has this name. */
export function tasksTiedTo({ nodes, ties }: Ties, name: string): Set<number> {
  const told = [...nodes].flatMap(([id, attributes]) =>
    JSON.stringify(attributes).includes('disc_') && Object.values(attributes).includes(name) ? [id] : [],
  );
  const others = ties.flatMap(([from, to]) => [
    ...(told.includes(from) ? [to] : []),
    ...(told.includes(to) ? [from] : []),
  ]);
  return new Set(
    others.flatMap((id) => {
      const { pid, 'cf:pid': prefixed = pid } = nodes.get(id) ?? {};
      return prefixed === undefined ? [] : [Number(prefixed)];
    }),
  );
}
