import { expect, test } from 'vitest';
import { hasPlace, hooksWithoutProgram } from './program-places.ts';

/** A kernel with these functions, by the number of their parameters. */
const kernel =
  (functions: Record<string, number>) =>
  (name: string): number | undefined =>
    functions[name];

test('a program has its place where the kernel has the hook or the function', () => {
  const here = kernel({ bpf_lsm_file_open: 1, pipe_read: 2 });
  expect(hasPlace({ name: 'cf_file_open', section: 'lsm/file_open' }, here)).toBe(true);
  expect(hasPlace({ name: 'cf_exec', section: 'lsm.s/exec' }, here)).toBe(false);
  expect(hasPlace({ name: 'cf_pipe_read', section: 'fexit/pipe_read' }, here)).toBe(true);
  expect(hasPlace({ name: 'cf_anon_pipe_read', section: '?fexit/anon_pipe_read' }, here)).toBe(false);
  // Not at a function.
  expect(hasPlace({ name: 'cf_iter_task', section: 'iter/task' }, here)).toBe(true);
});

test('of programs for other parameters the one that fits has its place', () => {
  const here = kernel({ bpf_lsm_inode_setattr: 3 });
  const places = [2, 3].map((count) =>
    hasPlace({ name: `cf_inode_setattr_${count}`, section: 'lsm/inode_setattr' }, here),
  );
  expect(places).toEqual([false, true]);
});

test('a hook is missing where none of its programs is loaded', () => {
  const all = ['pipe_read', 'anon_pipe_read', 'inode_setattr_2', 'inode_setattr_3', 'do_tee'].map(
    (name) => `cf_${name}`,
  );
  expect(hooksWithoutProgram(all, all)).toEqual([]);
  expect(hooksWithoutProgram(all, ['cf_anon_pipe_read', 'cf_inode_setattr_2', 'cf_do_tee'])).toEqual([]);
  expect(hooksWithoutProgram(all, ['cf_inode_setattr_3'])).toEqual(['do_tee', 'pipe_read']);
});

test('nothing is missing where a kernel does nothing that a program is for', () => {
  const all = ['cf_ioctl', 'cf_compat_ioctl', 'cf_mremap', 'cf_compat_mremap'];
  expect(hooksWithoutProgram(all, ['cf_ioctl', 'cf_mremap'])).toEqual([]);
  expect(hooksWithoutProgram(['cf_vmsplice', 'cf_compat_vmsplice'], ['cf_vmsplice'])).toEqual([]);
  expect(hooksWithoutProgram(['cf_vfs_getxattr', 'cf_vfs_get_acl'], ['cf_vfs_getxattr'])).toEqual([]);
  expect(hooksWithoutProgram(['cf_socket_sendmsg', 'cf_inet_sendpage'], ['cf_socket_sendmsg'])).toEqual([]);
});
