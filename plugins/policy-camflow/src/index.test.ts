import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashRecordFilter, type PolicyPart, validateOptions } from '@camflow/api';
import { afterAll, expect, test } from 'vitest';
import { camflowPolicyOptions } from './camflow-policy-options.ts';
import policyCamflow from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));
const path = join(folder, 'camflow.ini');
const log = { debug() {}, info() {}, warn() {}, error() {} };

async function compile(lines: readonly string[], pushDown: readonly PolicyPart[] = []) {
  writeFileSync(path, ['[provenance]', 'enabled=true', ...lines].join('\n'));
  const result = await validateOptions(camflowPolicyOptions, { path });
  if (result.problems) throw new Error(result.problems.map(({ message }) => message).join('; '));
  const capabilities = { finite: false, rereadable: true, heldBatches: 0, pushDown };
  return policyCamflow.create(result.value, { log, section: 'camflow' }).compile(capabilities);
}

test('a source takes over what it can, and never what names come in', async () => {
  const lines = ['node_filter=path', 'node_filter=envp', 'relation_filter=read'];
  const { pushDown, filter } = await compile(lines, ['types', 'ends']);
  expect(pushDown?.rules).toEqual([
    { action: 'drop', nodes: ['envp'] },
    { action: 'drop', relations: ['*'], where: [{ field: 'snd.type', op: 'in', values: ['envp', 'path'] }] },
    { action: 'drop', relations: ['*'], where: [{ field: 'rcv.type', op: 'in', values: ['envp', 'path'] }] },
    { action: 'drop', relations: ['read'] },
  ]);
  expect(filter).toEqual((await compile(lines)).filter);
  expect((await compile(lines)).pushDown).toBe(null);
});

test('the hash is that of what is left out, whoever does it and in whatever order it is said', async () => {
  const lines = ['node_filter=envp', 'node_filter=char', 'relation_filter=read'];
  const { hash } = await compile(lines);
  expect((await compile([...lines].reverse(), ['types'])).hash).toBe(hash);
  expect((await compile(lines.slice(1))).hash).not.toBe(hash);
  expect((await compile([])).hash).toBe(hashRecordFilter(null));
});

test('what is wrong in the file is told like a wrong option, and what CamFlow passes over is passed over', async () => {
  await expect(compile(['relation_filter=reed'])).rejects.toThrow(/camflow\.ini:3: .*did you mean read\?/);
  expect((await compile(['node_filter=direktory'])).filter).toBe(null);
  const missing = await validateOptions(camflowPolicyOptions, { path: join(folder, 'none') });
  const capabilities = { finite: false, rereadable: true, heldBatches: 0, pushDown: [] };
  if (missing.problems) throw new Error('a missing file matters only where the policy is used');
  const policy = policyCamflow.create(missing.value, { log, section: 'camflow' });
  expect(() => policy.compile(capabilities)).toThrow(/none does not exist/);
  expect((await validateOptions(camflowPolicyOptions, { path: 'camflow.ini' })).problems).toHaveLength(1);
});
