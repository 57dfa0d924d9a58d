import path from 'node:path';
import type { CapturedGraph, VersionKey } from '../capture/captured-graph.ts';

/** Relations that come when their time has come, and may be those of an earlier run. */
const late = new Set(['free', 'terminate_proc', 'terminate_task', 'version_entity', 'version_activity']);

/**
 * What a graph says, in lines without numbers: `write task > file out`, each once. Files are called by their last name,
 * paths and other text by what they say, all without folders. Tasks
 * also tell the namespace that they are in and how many security contexts, and packets where they go.
 */
export function describeGraph(graph: CapturedGraph): string[] {
  const relations = relationLines(graph);
  const places = graph.snapshots
    .filter(({ type }) => type === 'task')
    .map(({ fields }) => `a task is in uts:[${fields.get('utsns')}]`);
  const packets = graph.snapshots
    .filter(({ type }) => type === 'packet' || type === 'packet6')
    .map(({ type, fields }) => {
      const receiver = fields.get('rcv_ip') ?? fields.get('rcv_ip6');
      return `a ${type} goes to port ${fields.get('rcv_port')} at ${receiver} by ${fields.get('protocol')}`;
    });
  return [...new Set([...relations, ...places, ...packets, ...contextLines(graph)])];
}

/** How many security contexts tasks were in; one that has done nothing yet says none. */
function contextLines({ snapshots }: CapturedGraph): string[] {
  const contexts = new Map<string, Set<unknown>>();
  for (const { type, object, fields } of snapshots) {
    if (type !== 'task' || fields.get('secid') === 0) continue;
    contexts.set(object, (contexts.get(object) ?? new Set()).add(fields.get('secid')));
  }
  return [...contexts.values()].map(
    ({ size }) => `a task is in ${size} security ${size === 1 ? 'context' : 'contexts'}`,
  );
}

/**
 * Every relation in such a line, with how often it is there, and what there are records of: equal for two recordings of a
 * program that always does the same. The end of an object brings a record of its own, and comes at any time. Folders of
 * processes are called by no number.
 */
export function countGraph(graph: CapturedGraph): string[] {
  const counts = new Map<string, number>();
  const label = labeller(graph);
  for (const line of relationLines(graph).map(withoutNumbers)) counts.set(line, (counts.get(line) ?? 0) + 1);
  const nodes = new Set(graph.snapshots.map((node) => withoutNumbers(`a record of ${label(node)}`)));
  return [...[...counts].map(([line, count]) => `${count} x ${line}`), ...nodes].sort();
}

function withoutNumbers(line: string): string {
  return line.replace(/\b(directory|path) \d+\b/g, '$1 NUMBER');
}

function relationLines(graph: CapturedGraph): string[] {
  const label = labeller(graph);
  return graph.relations
    .filter(({ type }) => !late.has(type))
    .map(({ type, from, to }) => `${type} ${label(from)} > ${label(to)}`);
}

function labeller(graph: CapturedGraph): (end: VersionKey) => string {
  const names = new Map<string, string>();
  for (const { type, from, to } of graph.relations) {
    const text = graph.nodes.get(from.key)?.bytes;
    if (type === 'named' && text !== undefined) names.set(to.object, path.basename(text.toString()));
  }
  return (end) => {
    if (end.type === 'task' || end.type === 'process_memory') return end.type;
    const text = graph.nodes.get(end.key)?.bytes?.toString() ?? names.get(end.object);
    return text === undefined ? end.type : `${end.type} ${path.basename(text.trim())}`;
  };
}
