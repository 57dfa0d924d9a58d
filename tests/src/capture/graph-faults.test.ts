import { expect, test } from 'vitest';
import type {
  CapturedGraph,
  CapturedNode,
  CapturedRelation,
  FieldValue,
  VersionKey,
} from './captured-graph.ts';
import { faultsOf } from './graph-faults.ts';

const end = (type: string, id: number, version = 0): VersionKey => ({
  key: `${type} ${id} ${version}`,
  object: `${type} ${id}`,
  type,
  id: BigInt(id),
  version,
});
const node = (key: VersionKey, fields: Record<string, FieldValue> = {}): CapturedNode => ({
  ...key,
  epoch: 1,
  fields: new Map(Object.entries(fields)),
  bytes: undefined,
  name: undefined,
});

function graphOf(
  snapshots: readonly CapturedNode[],
  relations: readonly (readonly [type: string, from: VersionKey, to: VersionKey])[],
): CapturedGraph {
  return {
    records: snapshots.length + relations.length,
    malformed: 0,
    missing: 0,
    snapshots,
    nodes: new Map(snapshots.map((each) => [each.key, each])),
    relations: relations.map(
      ([type, from, to], at): CapturedRelation => ({ type, id: BigInt(at), from, to, fields: new Map() }),
    ),
  };
}

const [task, path] = [end('task', 1), end('path', 2)];
const uuid = '00000001-0000-0000-0000-000000000000';
const inode = (key: VersionKey, more: Record<string, FieldValue> = {}): CapturedNode =>
  node(key, { ino: 12, sb_uuid: uuid, ...more });
const [one, other] = [end('file', 3), end('file', 4)];
const nodes = [node(task), node(path)];

test('what is opened has a name', () => {
  const opened = ['open', one, task] as const;
  expect(faultsOf(graphOf([...nodes, inode(one)], [opened]))).toEqual([
    'file 3 v0 has no name, and there is open of it',
  ]);
  expect(faultsOf(graphOf([...nodes, inode(one)], [['named', path, one], opened]))).toEqual([]);
});

test('no two identifiers are one inode at the same time', () => {
  const both = [...nodes, inode(one), inode(other)];
  const read = (file: VersionKey) => ['read', file, task] as const;
  const told = ['file 3 v0 and file 4 v0 are one inode at once'];
  expect(faultsOf(graphOf(both, [read(one), read(other), read(one)]))).toEqual(told);
  // One after the other: the number was used again.
  expect(faultsOf(graphOf(both, [read(one), read(one), read(other)]))).toEqual([]);
  expect(
    faultsOf(graphOf([...nodes, inode(one), inode(other, { ino: 13 })], [read(one), read(other), read(one)])),
  ).toEqual([]);
});

test('where a file system has no identifier, nothing is said of its inodes', () => {
  const none = { sb_uuid: '00000000-0000-0000-0000-000000000000' };
  const read = (file: VersionKey) => ['read', file, task] as const;
  const graph = graphOf(
    [...nodes, inode(one, none), inode(other, none)],
    [read(one), read(other), read(one)],
  );
  expect(faultsOf(graph)).toEqual([]);
});

test('a task gets another number once, by executing something', () => {
  const memory = end('process_memory', 5);
  const versions = [0, 1, 2].map((version) => end('task', 1, version));
  const numbered = (...pids: number[]) =>
    graphOf(
      // Those of several CPUs come in any order.
      [node(memory), ...pids.map((pid, at) => node(versions[at]!, { pid })).reverse()],
      versions.slice(1, pids.length).map((to, at) => ['version_activity', versions[at]!, to] as const),
    );
  const executing = (graph: CapturedGraph): CapturedGraph => ({
    ...graph,
    relations: [
      ...graph.relations,
      { type: 'exec_task', id: 100n, from: versions[0]!, to: memory, fields: new Map() },
    ],
  });
  expect(faultsOf(numbered(11, 11))).toEqual([]);
  expect(faultsOf(numbered(11, 10))).toEqual(['task 1 v1 has pid 10, and had 11 as v0']);
  expect(faultsOf(executing(numbered(11, 10, 10)))).toEqual([]);
  expect(faultsOf(executing(numbered(11, 10, 11)))).toEqual(['task 1 v2 has pid 11, and had 10 as v1']);
});
