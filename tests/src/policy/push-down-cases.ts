import type { FilterRule } from '@camflow/api';
import type { ChosenPolicy } from './compile-policy.ts';

/** A policy, and what of it the source can apply itself. */
export interface PushDownCase {
  readonly name: string;
  readonly policy: ChosenPolicy;
  /** Types of records of which none may leave the kernel. */
  readonly neverWritten: readonly string[];
}

/** A policy of the filters of a camflow.ini. */
const ini = (...lines: readonly string[]): ChosenPolicy => ({ name: 'camflow', lines });
/** A policy of somebody else. */
const own = (...rules: readonly FilterRule[]): ChosenPolicy => ({ name: 'own', rules });
const drop = (rule: Omit<FilterRule, 'action'>): FilterRule => ({ action: 'drop', ...rule });

/** Policies that a source may be given, in whole and in part. */
export const pushDownCases: readonly PushDownCase[] = [
  {
    name: 'camflow.ini with types of relations',
    policy: ini(
      'relation_filter=perm_check',
      'relation_filter=memory_write',
      'relation_filter=version_activity',
    ),
    neverWritten: ['perm_check', 'memory_write', 'version_activity'],
  },
  {
    name: 'camflow.ini with types of nodes that last',
    policy: ini('node_filter=directory', 'node_filter=process_memory'),
    neverWritten: ['directory', 'process_memory', 'memory_write', 'exec'],
  },
  {
    name: 'camflow.ini with names, which the source hands over all the same',
    policy: ini('node_filter=path'),
    neverWritten: ['named'],
  },
  {
    name: 'filter with types of nodes that are only text',
    policy: { name: 'filter', options: { node_filter: ['argv', 'envp', 'iattr'] } },
    neverWritten: ['argv', 'envp', 'arg', 'env'],
  },
  {
    name: 'filter with types of both',
    policy: { name: 'filter', options: { node_filter: 'directory', relation_filter: ['open', 'arg'] } },
    neverWritten: ['directory', 'open', 'arg'],
  },
  {
    name: 'own rules about relations by one of their ends',
    policy: own(
      drop({ relations: ['open', 'read'], where: [{ field: 'snd.type', op: 'in', values: ['file'] }] }),
    ),
    neverWritten: [],
  },
  {
    name: 'own rules about relations by both of their ends, which only the workers leave out',
    policy: own(
      drop({
        relations: ['*'],
        where: [
          { field: 'snd.type', op: 'in', values: ['task'] },
          { field: 'rcv.type', op: 'in', values: ['file'] },
        ],
      }),
    ),
    neverWritten: [],
  },
  {
    name: 'own rules for all relations but some',
    policy: own({ action: 'keep', relations: ['read', 'write', 'named'] }, drop({ relations: ['*'] })),
    neverWritten: ['open', 'exec', 'memory_read', 'version_entity', 'ran_on'],
  },
];
