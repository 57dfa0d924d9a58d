import { recordTypes } from '@camflow/api';
import {
  addFilters,
  again,
  both,
  copy,
  copyBoth,
  markFile,
  nothing,
  propagating,
  read,
  write,
} from './case-words.ts';
import type { PolicyCase } from './policy-case.ts';

const usedRelations = recordTypes
  .filter(({ category, class: kind }) => category === 'relation' && kind === 'used')
  .map(({ name }) => name);

export const filters: readonly PolicyCase[] = [
  {
    name: 'node filter',
    say: both(markFile('in', propagating), addFilters(['process_memory'], false)),
    matching: [copy('in', 'out')],
    others: [copy('other', 'out')],
    shows: [read, write],
    hides: ['memory_write task > process_memory', 'memory_read process_memory > task'],
  },
  {
    name: 'relation filter',
    say: both(markFile('in', propagating), addFilters(['open', 'perm_check', 'memory_write'], false)),
    matching: [copy('in', 'out')],
    others: [copy('other', 'out')],
    shows: [read, write],
    hides: ['open file in > task', 'perm_check file in > task', 'memory_write task > process_memory'],
  },
  {
    name: 'propagation filter of relations, away from the file',
    say: both(markFile('in', propagating), addFilters(usedRelations, true)),
    matching: copyBoth,
    others: [copy('other', 'out')],
    shows: [read],
    hides: [write, again],
  },
  {
    name: 'propagation filter of relations, into the file',
    say: both(
      markFile('in', propagating),
      addFilters(['write', 'inode_create', 'setattr_inode', 'version_entity'], true),
    ),
    matching: copyBoth,
    others: [copy('other', 'out')],
    shows: [read, write],
    hides: [again],
  },
  {
    name: 'propagation filter of relations, into a child',
    say: both(markFile('in', propagating), addFilters(['clone', 'clone_mem'], true)),
    matching: [{ words: ['through', 'fork', 'in', 'out'] }, copy('out', 'final')],
    others: [{ words: ['through', 'fork', 'other', 'out'] }],
    // The child is seen, as it is its parent's; what it makes is not.
    shows: [read, write],
    hides: [again],
  },
  {
    name: 'propagation filter of nodes',
    say: both(markFile('in', propagating), addFilters(['task', 'process_memory'], true)),
    matching: copyBoth,
    others: [copy('other', 'out')],
    shows: [read],
    hides: [write, again],
  },
];

export const memory: readonly PolicyCase[] = [
  {
    name: 'a file that left memory',
    say: markFile('in', { tracked: true, taint: 0x80n }),
    matching: [copy('in', 'out'), { ...copy('in', 'final'), afterDropCaches: true }],
    others: [copy('other', 'out')],
    // Another object: the inode was not in memory when it was read again.
    shows: [read, 'in was 2 objects', 'in is tracked 0x80'],
    asks: ['in'],
  },
  {
    name: 'flags of files loaded again, the file in memory',
    say: both(markFile('in', { tracked: true, taint: 0x80n }), ({ reloadFileFlags }) => reloadFileFlags()),
    matching: [copy('in', 'out')],
    others: [copy('other', 'out')],
    shows: [read, 'in is tracked 0x80'],
    asks: ['in'],
  },
  {
    name: 'a security context that a task enters',
    all: true,
    say: ({ makeContext }) => makeContext(),
    matching: [{ words: ['confine', 'in', 'out'] }],
    others: [copy('in', 'out')],
    shows: [write, 'a task is in 2 security contexts'],
    othersShow: ['a task is in 1 security context'],
  },
  {
    name: 'namespaces that a task enters',
    all: true,
    say: nothing,
    matching: [{ words: ['unshare', 'out'] }],
    others: [],
    shows: [write],
  },
];
