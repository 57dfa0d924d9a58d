import path from 'node:path';
import type { CapturedGraph, CapturedNode, CapturedRelation, VersionKey } from '../capture/captured-graph.ts';
import type { ProgramKind } from './build-programs.ts';

/** One run of a program, as the guest was asked for it. */
export interface RunRequest {
  readonly kind: ProgramKind;
  readonly name: string;
  readonly with: boolean;
}

/** What a run is called: its folder too. */
export function runName({ kind, name, with: withCall }: RunRequest): string {
  return `${kind}-${name}${kind === 'hooks' ? '' : withCall ? '-with' : '-without'}`;
}

/**
 * A relation that is looked for. An end is a type of node, with its name or text behind it if that matters: `file out`.
 * Tasks are `task`, the program's first one, `child`, one that descends from it, or `other`.
 */
export interface WantedRelation {
  readonly relation: string;
  readonly from: string;
  readonly to: string;
  /** Flags of the relation. */
  readonly flags?: number;
  /** What the record of the end that it goes to says. */
  readonly says?: Readonly<Record<string, number | bigint | string>>;
}

/** Lines of shell that make every run, each in a folder of its own, and tell the process of each. */
export function scriptOf(runs: readonly RunRequest[]): string {
  const lines = runs.map((run) => {
    const name = runName(run);
    const words = `${run.kind} ${run.name} ${run.with ? 'with' : 'without'}`;
    const tell = `echo "${name} $$" >> /root/out/pids; cd ${name}; exec /root/bin/programs ${words}`;
    // One of them does not end by itself.
    const end = run.name === 'exit' ? '&' : `; echo "${name} $?" >> /root/out/statuses`;
    return `mkdir ${name}; echo content > ${name}/file; sh -c '${tell}' ${end}`;
  });
  return [...lines, 'sleep 0.5'].join('\n');
}

/** What a capture says of the runs of programs in it. */
export class ProgramRuns {
  readonly graph: CapturedGraph;
  readonly #pids: ReadonlyMap<string, number>;
  readonly #names = new Map<string, Set<string>>();

  /** @param pids - as {@link scriptOf} has them told */
  constructor(graph: CapturedGraph, pids: string) {
    this.graph = graph;
    this.#pids = new Map(
      pids
        .trim()
        .split('\n')
        .map((line) => line.split(' '))
        .map(([name = '', pid]) => [name, Number(pid)]),
    );
    for (const { type, from, to } of graph.relations) {
      if (type !== 'named') continue;
      const names = this.#names.get(to.object) ?? new Set();
      this.#names.set(to.object, names.add(graph.nodes.get(from.key)?.bytes?.toString() ?? ''));
    }
  }

  /** The relations of a run that are like this one. */
  find(run: RunRequest, wanted: WantedRelation): CapturedRelation[] {
    return this.of(run).filter((relation) => this.#isLike(run, relation, wanted));
  }

  /**
   * Every relation that a run's tasks made or have part in; and what came and went through its sockets, and the end of
   * its messages and segments, in which no task has a part.
   */
  of(run: RunRequest): CapturedRelation[] {
    const tasks = this.#tasksOf(run);
    const ids = new Set([...tasks.keys()].map((object) => this.#idOf(object)));
    const isIts = ({ from, to, fields }: CapturedRelation): boolean =>
      ids.has(fields.get('task_id') as bigint) || tasks.has(from.object) || tasks.has(to.object);
    const objects = new Set(
      this.graph.relations
        .filter((relation) => isIts(relation))
        .flatMap(({ from, to }) => [from, to])
        .filter(({ type }) => ['socket', 'msg', 'shm'].includes(type))
        .map(({ object }) => object),
    );
    return this.graph.relations.filter(
      (relation) =>
        isIts(relation) ||
        ((relation.type.endsWith('_packet') || relation.type === 'free') &&
          (objects.has(relation.from.object) || objects.has(relation.to.object))),
    );
  }

  /** One line for each relation of a run, without numbers: `write from task to file out`. */
  describe(run: RunRequest): string[] {
    const tasks = this.#tasksOf(run);
    return this.of(run).map(
      ({ type, from, to, fields }) =>
        `${type} from ${this.#label(from, tasks)} to ${this.#label(to, tasks)}, flags ${fields.get('flags')}`,
    );
  }

  #label(end: VersionKey, tasks: ReadonlyMap<string, 'task' | 'child'>): string {
    if (end.type === 'task') return tasks.get(end.object) ?? 'other';
    const text = this.graph.nodes.get(end.key)?.bytes?.toString();
    const names = [...(this.#names.get(end.object) ?? [])].map((name) => path.basename(name));
    return [end.type, ...(text === undefined ? names : [text.slice(0, 40)])].join(' ');
  }

  #isLike(
    run: RunRequest,
    relation: CapturedRelation,
    { relation: type, from, to, flags, says }: WantedRelation,
  ) {
    if (relation.type !== type) return false;
    if (flags !== undefined && relation.fields.get('flags') !== BigInt(flags)) return false;
    const tasks = this.#tasksOf(run);
    if (!this.#isEnd(run, tasks, relation.from, from) || !this.#isEnd(run, tasks, relation.to, to))
      return false;
    const target = this.graph.nodes.get(relation.to.key);
    return Object.entries(says ?? {}).every(([field, value]) => saysIt(target, field, value));
  }

  #isEnd(
    run: RunRequest,
    tasks: ReadonlyMap<string, 'task' | 'child'>,
    end: VersionKey,
    wanted: string,
  ): boolean {
    if (end.type === 'task') return (tasks.get(end.object) ?? 'other') === wanted;
    const space = wanted.indexOf(' ');
    const [type, name] = space < 0 ? [wanted, undefined] : [wanted.slice(0, space), wanted.slice(space + 1)];
    if (end.type !== type) return false;
    if (name === undefined) return true;
    const names = this.#names.get(end.object) ?? new Set();
    const text = this.graph.nodes.get(end.key)?.bytes?.toString();
    if (type === 'path') return text === `/root/work/${runName(run)}/${name}`;
    return text === name || names.has(name) || names.has(`/root/work/${runName(run)}/${name}`);
  }

  /** The objects of a run's tasks: its first, and all that descend from it. */
  #tasksOf(run: RunRequest): Map<string, 'task' | 'child'> {
    const pid = this.#pids.get(runName(run));
    if (pid === undefined) throw new Error(`${runName(run)} did not run`);
    const tasks = new Map<string, 'task' | 'child'>();
    for (const { type, object, fields } of this.graph.nodes.values()) {
      if (type === 'task' && fields.get('pid') === pid) tasks.set(object, 'task');
    }
    for (const [object] of tasks) {
      for (const { type, from, to } of this.graph.relations) {
        if (type === 'clone' && from.object === object && !tasks.has(to.object))
          tasks.set(to.object, 'child');
      }
    }
    return tasks;
  }

  #idOf(object: string): bigint {
    return Buffer.from(object, 'base64').readBigUInt64LE(8);
  }
}

function saysIt(node: CapturedNode | undefined, field: string, value: number | bigint | string): boolean {
  const said = node?.fields.get(field);
  return said instanceof Uint8Array ? Buffer.from(said).toString() === value : said === value;
}
