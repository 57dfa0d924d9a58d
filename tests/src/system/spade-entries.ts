/** A line of the format `spade_json`: a node, or an edge from an effect to its cause. */
export interface SpadeEntry {
  readonly id?: string;
  readonly from: string;
  readonly to: string;
  readonly annotations: Readonly<Record<string, string>>;
}

/** The lines of a file of the format `spade_json`. */
export function spadeEntries(file: Buffer): SpadeEntry[] {
  const lines = file.toString().split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as SpadeEntry);
}

/** Everything that a node comes from, itself included, each with its type and its name or value. */
export function originsOf(entries: readonly SpadeEntry[], type: string, name: string): Set<string> {
  const nodes = new Map(
    entries.filter(({ id }) => id !== undefined).map((node) => [node.id!, node.annotations]),
  );
  const labels = new Map(
    [...nodes].map(([id, node]) => [
      id,
      `${node['object_type']} ${node['cf:name'] ?? node['value'] ?? ''}`.trim(),
    ]),
  );
  const reached = new Set([...labels].flatMap(([id, label]) => (label === `${type} ${name}` ? [id] : [])));
  const causes = new Map<string, string[]>();
  for (const { id, from, to } of entries) {
    if (id !== undefined) continue;
    const known = causes.get(from);
    if (known === undefined) causes.set(from, [to]);
    else known.push(to);
  }
  // A Set goes on to what is added while it is gone through.
  for (const id of reached) for (const to of causes.get(id) ?? []) reached.add(to);
  return new Set([...reached].map((id) => labels.get(id) ?? 'unknown'));
}
