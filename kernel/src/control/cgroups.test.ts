import { statSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rootCgroup } from '../libc/cgroup-folder.ts';
import { findCgroup, isCgroupNamespace, resolveSelector } from './cgroups.ts';

test.each([
  [4026531835n, true],
  [0xf000_0000n, true],
  [0xffff_ffffn, true],
  [1n, false],
  [0x7fff_ffffn, false],
  [0x1_0000_0000n, false],
  [0x1_0000_0005n, false],
])('%d is a cgroup namespace: %s', (id, wanted) => {
  expect(isCgroupNamespace(id)).toBe(wanted);
});

test('the namespace of a process is found by its path', () => {
  for (const path of ['/proc/self/ns/cgroup', `/proc/${process.pid}/task/${process.pid}/ns/cgroup`]) {
    const id = findCgroup(path);
    expect(id).toBe(statSync(path, { bigint: true }).ino);
    expect(isCgroupNamespace(id)).toBe(true);
  }
});

const root = rootCgroup();
test.skipIf(root === undefined)('a cgroup is found by its folder, and taken for no namespace', () => {
  const selector = resolveSelector({ kind: 'cgroup', path: root! });
  expect(selector).toEqual({ kind: 'cgroup', id: statSync(root!, { bigint: true }).ino });
  expect('id' in selector && isCgroupNamespace(BigInt(selector.id))).toBe(false);
});

test.each([
  ['/none', 'There is no cgroup at /none'],
  ['/proc/self/ns/none', 'There is no cgroup at /proc/self/ns/none'],
  ['/etc', '/etc is not the folder of a cgroup'],
  ['/proc/self/ns/uts', '/proc/self/ns/uts is not the folder of a cgroup'],
])('%s is refused', (path, message) => {
  expect(() => findCgroup(path)).toThrow(expect.objectContaining({ code: 'CONFIG_BAD_VALUE', message }));
});
