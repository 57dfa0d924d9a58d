import { CamflowError } from '@camflow/api';
import type { ProvenanceGraph } from './provenance-graph.ts';
import { type Thing, thingOf, thingsIn } from './things.ts';

/** One thing that another came from. */
export interface Origin {
  readonly thing: Thing;
  /** Types of the relations from it. */
  readonly by: readonly string[];
}

/** Where a thing came from. */
export interface Origins {
  readonly target: Thing;
  /** What each thing came from directly, by its key; nothing where it is a beginning. */
  of(key: string): readonly Origin[];
}

/** Relations that say something about a thing, or that somebody looked at it, but carry nothing of its content. */
const withoutContent: ReadonlySet<string> = new Set([
  ...['named', 'arg', 'env', 'ran_on', 'addressed', 'log'],
  ...['perm_check', 'search', 'open', 'getattr', 'getxattr', 'readlink', 'listxattr', 'file_lock'],
  ...['terminate_task', 'terminate_proc', 'free', 'unlink', 'rename', 'link', 'setattr', 'setattr_inode'],
]);

/** Folders of what a system is made of: programs, libraries, settings, devices. */
const systemFolders = /^\/(?:usr|lib\w*|bin|sbin|etc|proc|sys|dev|run)\//;

/**
 * Goes back from the last version of a file to everything that it was made of.
 * @param name - its path, or the end of it
 * @param withSystem - whether to name files of the system too
 * @throws CamflowError `USAGE` where there is no such file, or more than one
 */
export function traceOrigins(graph: ProvenanceGraph, name: string, withSystem: boolean): Origins {
  const things = thingsIn(graph);
  const target = findTarget(things, name);
  const causesOf = new Map<string, { cause: string; type: string }[]>();
  for (const { type, cause, effect } of graph.edges) {
    if (withoutContent.has(type)) continue;
    const causes = causesOf.get(effect);
    if (causes === undefined) causesOf.set(effect, [{ cause, type }]);
    else causes.push({ cause, type });
  }
  const origins = new Map<string, Map<string, Set<string>>>();
  // What has a version is older than what came from it, so what is reached this way was really there in time.
  const reached = new Set(lastVersions(graph, target));
  for (const id of reached) {
    const effect = keyOf(graph, id);
    for (const { cause, type } of causesOf.get(id) ?? []) {
      const key = keyOf(graph, cause);
      if (key === undefined) continue;
      const thing = things.get(key)!;
      if (!withSystem && key !== target.key && systemFolders.test(thing.name) && thing.kind !== 'process')
        continue;
      reached.add(cause);
      if (effect === undefined || key === effect) continue;
      const from = origins.get(effect) ?? new Map<string, Set<string>>();
      origins.set(effect, from.set(key, (from.get(key) ?? new Set()).add(type)));
    }
  }
  return {
    target,
    of: (key) =>
      [...(origins.get(key) ?? [])].map(([from, types]) => ({ thing: things.get(from)!, by: [...types] })),
  };
}

function keyOf({ nodes }: ProvenanceGraph, id: string): string | undefined {
  const node = nodes.get(id);
  return node === undefined ? undefined : thingOf(node);
}

function lastVersions({ nodes }: ProvenanceGraph, target: Thing): string[] {
  const { version } = target.last.attributes;
  return [...nodes.values()]
    .filter((node) => thingOf(node) === target.key && node.attributes['version'] === version)
    .map(({ id }) => id);
}

const nameless: ReadonlySet<string> = new Set(['path', 'argv', 'envp', 'process', 'address']);

function findTarget(things: ReadonlyMap<string, Thing>, name: string): Thing {
  const found = [...things.values()].filter(
    (thing) => !nameless.has(thing.kind) && (thing.name === name || thing.name.endsWith(`/${name}`)),
  );
  const paths = new Set(found.map((thing) => thing.name));
  if (paths.size > 1) {
    throw new CamflowError('USAGE', `${name} could be ${[...paths].join(' or ')}`, { hint: 'Say which.' });
  }
  // One path may have been several files, one after the other: the last one is meant.
  const last = found.at(-1);
  if (last !== undefined) return last;
  throw new CamflowError('USAGE', `No file called ${name} is in the recording`, {
    hint: 'Its path, or the end of it, is how it is found.',
  });
}
