import type { FilterRule } from '@camflow/api';

/** A filter, and what of it the source can apply itself. */
export interface PushDownCase {
  readonly name: string;
  readonly rules: readonly FilterRule[];
  /** Types of records of which none may leave the kernel. */
  readonly neverWritten: readonly string[];
}

const drop = (rule: Omit<FilterRule, 'action'>): FilterRule => ({ action: 'drop', ...rule });

/** As the policies `filter` and `camflow` have them: types of nodes, with the relations that start or end at one. */
function nodeFilter(...names: readonly string[]): FilterRule[] {
  const end = (field: string): FilterRule =>
    drop({ relations: ['*'], where: [{ field, op: 'in', values: names }] });
  return [drop({ nodes: names }), end('snd.type'), end('rcv.type')];
}

/** Filters that a source may be given, in whole and in part. */
export const pushDownCases: readonly PushDownCase[] = [
  {
    name: 'types of relations',
    rules: [drop({ relations: ['perm_check', 'memory_write', 'version_activity'] })],
    neverWritten: ['perm_check', 'memory_write', 'version_activity'],
  },
  {
    name: 'types of nodes that last',
    rules: nodeFilter('directory', 'process_memory'),
    neverWritten: ['directory', 'process_memory', 'memory_write', 'exec'],
  },
  {
    name: 'types of nodes that are only text',
    rules: nodeFilter('argv', 'envp', 'iattr'),
    neverWritten: ['argv', 'envp', 'arg', 'env'],
  },
  {
    name: 'names, which the source hands over all the same',
    rules: nodeFilter('path'),
    neverWritten: ['named'],
  },
  {
    name: 'relations by one of their ends',
    rules: [
      drop({ relations: ['open', 'read'], where: [{ field: 'snd.type', op: 'in', values: ['file'] }] }),
    ],
    neverWritten: [],
  },
  {
    name: 'relations by both of their ends, which only the workers leave out',
    rules: [
      drop({
        relations: ['*'],
        where: [
          { field: 'snd.type', op: 'in', values: ['task'] },
          { field: 'rcv.type', op: 'in', values: ['file'] },
        ],
      }),
    ],
    neverWritten: [],
  },
  {
    name: 'all relations but some',
    rules: [{ action: 'keep', relations: ['read', 'write', 'named'] }, drop({ relations: ['*'] })],
    neverWritten: ['open', 'exec', 'memory_read', 'version_entity', 'ran_on'],
  },
];
