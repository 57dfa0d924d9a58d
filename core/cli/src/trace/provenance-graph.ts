import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { CamflowError } from '@camflow/api';

/** One version of something. */
export interface GraphNode {
  readonly id: string;
  /** `file`, `task`, ... */
  readonly type: string;
  /** Its attributes, without their prefix `cf:`. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** Something that one version got from another. */
export interface GraphEdge {
  readonly type: string;
  readonly cause: string;
  readonly effect: string;
}

/** A recording, in memory. */
export interface ProvenanceGraph {
  readonly nodes: ReadonlyMap<string, GraphNode>;
  readonly edges: readonly GraphEdge[];
}

type Attributes = Record<string, unknown>;

/** Sections of PROV-JSON: which end of a relation is the cause, and which the effect. */
const relationEnds: Readonly<Record<string, readonly [cause: string, effect: string]>> = {
  used: ['prov:entity', 'prov:activity'],
  wasGeneratedBy: ['prov:activity', 'prov:entity'],
  wasInformedBy: ['prov:informant', 'prov:informed'],
  wasDerivedFrom: ['prov:usedEntity', 'prov:generatedEntity'],
  wasInfluencedBy: ['prov:influencer', 'prov:influencee'],
  wasAssociatedWith: ['prov:agent', 'prov:activity'],
};
const nodeSections: ReadonlySet<string> = new Set(['entity', 'activity', 'agent']);

/**
 * Reads what the formats `w3c` and `spade_json` write: a document, or an object, on each line. A last line that is
 * cut off is left out: the recorder may still be at work.
 * @throws CamflowError `USAGE` where it is something else
 */
export async function readProvenance(path: string): Promise<ProvenanceGraph> {
  const nodes = new Map<string, GraphNode>();
  const edges: GraphEdge[] = [];
  let number = 0;
  let broken = 0;
  const lines = createInterface({ input: createReadStream(path), crlfDelay: Number.POSITIVE_INFINITY });
  try {
    for await (const line of lines) {
      number++;
      if (broken > 0) throw notProvenance(path, broken);
      if (line.trim() === '') continue;
      const entry = parse(line);
      if (entry === undefined) broken = number;
      else if (typeof entry['type'] === 'string') takeSpade(entry, nodes, edges);
      else takeDocument(entry, nodes, edges);
    }
  } catch (cause) {
    if (cause instanceof CamflowError) throw cause;
    throw new CamflowError('USAGE', `${path} cannot be read`, { cause, hint: 'Name a recording with --in.' });
  }
  if (nodes.size === 0) throw notProvenance(path, 1);
  return { nodes, edges };
}

function notProvenance(path: string, line: number): CamflowError {
  return new CamflowError('USAGE', `${path}, line ${line}: this is neither PROV-JSON nor SPADE's JSON`, {
    hint: 'Name a file that `camflow record` or `camflow replay` wrote.',
  });
}

function parse(line: string): Attributes | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? (value as Attributes) : undefined;
  } catch {
    return undefined;
  }
}

function takeSpade(entry: Attributes, nodes: Map<string, GraphNode>, edges: GraphEdge[]): void {
  const attributes = plain(entry['annotations']);
  if (typeof entry['id'] === 'string') {
    nodes.set(entry['id'], { id: entry['id'], type: String(attributes['object_type']), attributes });
  } else {
    // In SPADE's words an edge leads from the effect to the cause.
    const [effect, cause] = [String(entry['from']), String(entry['to'])];
    edges.push({ type: String(attributes['relation_type']), cause, effect });
  }
}

function takeDocument(document: Attributes, nodes: Map<string, GraphNode>, edges: GraphEdge[]): void {
  for (const [section, entries] of Object.entries(document)) {
    const ends = relationEnds[section];
    if (ends === undefined && !nodeSections.has(section)) continue;
    for (const [id, entry] of Object.entries(entries as Record<string, Attributes>)) {
      const type = String(entry['prov:type']);
      if (ends === undefined) nodes.set(id, { id, type, attributes: plain(entry) });
      else edges.push({ type, cause: String(entry[ends[0]]), effect: String(entry[ends[1]]) });
    }
  }
}

function plain(attributes: unknown): Attributes {
  if (typeof attributes !== 'object' || attributes === null) return {};
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name.startsWith('cf:') ? name.slice(3) : name, value]),
  );
}
