import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CamflowError } from '@camflow/api';
import { createSecurityfsControl, systemAccounts } from '@camflow/kernel';
import { CamflowKernel } from '@camflow/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { ConfigureContext } from './configure.ts';
import { trialText, tryPolicy } from './try-policy.ts';

const capture = fileURLToPath(new URL('../../assets/demo.capture', import.meta.url));
const stock = fileURLToPath(new URL('../../../../config/camflow.ini', import.meta.url));

let folder: string;
let kernel: CamflowKernel;
let warnings: string[];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-try-'));
  for (const name of ['etc', 'run']) mkdirSync(join(folder, name));
  kernel = new CamflowKernel();
  warnings = [];
});
afterEach(() => rmSync(folder, { recursive: true }));

function context(): ConfigureContext {
  return {
    openControl: () => createSecurityfsControl({ files: kernel, attribute: kernel.attribute }),
    accounts: systemAccounts,
    stateFolder: join(folder, 'state'),
    identity: { etc: join(folder, 'etc'), run: join(folder, 'run'), kernelBoot: 'boot' },
    warn: (text) => void warnings.push(text),
  };
}

function file(...lines: readonly string[]): string {
  const path = join(folder, 'camflow.ini');
  writeFileSync(path, ['[provenance]', ...lines].join('\n'));
  return path;
}

/** What is not kept as it was captured, and all. */
async function outcome(path: string, given: ConfigureContext = context()) {
  const { changes, byHand, kept } = await tryPolicy({ path, environment: {} }, capture, given);
  const sum = (of: 'records' | 'kept'): number => kept.reduce((total, each) => total + each[of], 0);
  const less = kept.filter((each) => each.kept < each.records);
  return {
    ...{ changes, byHand, all: [sum('records'), sum('kept')] },
    less: Object.fromEntries(less.map(({ type, records, kept }) => [type, [records, kept]])),
  };
}

// Counted in the demo's graph in spade_json: nodes by their type, edges by their own and by those of their ends.
describe('of the demo', () => {
  test('the stock filters keep neither directories and environments, nor what leads to them', async () => {
    const { changes, all, less } = await outcome(stock);
    expect(changes).toEqual([
      ...['inode_unknown', 'directory', 'char', 'envp'].map((type) => `+ node_filter=${type}`),
      'enabled=true',
    ]);
    expect(all).toEqual([12_106, 9570]);
    expect(less).toEqual({
      'node directory': [33, 0],
      'node envp': [101, 0],
      'relation named': [111, 87],
      'relation version_entity': [69, 61],
      'relation free': [15, 14],
      'relation setattr_inode': [6, 5],
      'relation env': [101, 0],
      'relation inode_create': [17, 8],
      'relation read': [115, 111],
      'relation open': [120, 116],
      'relation perm_check': [2390, 140],
    });
  });

  test('a capture that is disabled keeps nothing', async () => {
    kernel.contents.set('enable', Buffer.from('1\0'));
    const { changes, all } = await outcome(file('enabled=false'));
    expect({ changes, all }).toEqual({ changes: ['enabled=false'], all: [12_106, 0] });
  });

  test('a filter of one relation leaves out that relation only', async () => {
    const { changes, all, less } = await outcome(file('enabled=true', 'relation_filter=perm_check'));
    expect(changes).toEqual(['+ relation_filter=perm_check', 'enabled=true']);
    expect(less).toEqual({ 'relation perm_check': [2390, 0] });
    expect(all).toEqual([12_106, 12_106 - 2390]);
  });
});

test('what would change stands before the table, and nothing is changed', async () => {
  const control = createSecurityfsControl({ files: kernel, attribute: kernel.attribute });
  control.rules.add({ selector: { kind: 'user', id: 7 }, bits: 1 });
  kernel.writes.length = 0;
  const tried = await tryPolicy({ path: file('enabled=true'), environment: {} }, capture, context());
  expect(trialText(tried).split('\n').slice(0, 6)).toEqual([
    '1 change would be made:',
    '  enabled=true',
    'Set by hand, not in the file, and left alone:',
    '  user.track=7',
    '',
    expect.stringMatching(/^type +captured +kept$/),
  ]);
  expect(Object.keys(tried)).toEqual(['changes', 'byHand', 'kept']);
  expect(kernel.writes).toEqual([]);
});

test('who may not ask the kernel learns what would be kept all the same', async () => {
  const openControl = (): never => {
    throw new CamflowError('PERMISSION_DENIED', 'May not look');
  };
  const { changes, all } = await outcome(file('enabled=true'), { ...context(), openControl });
  expect({ changes, all, warnings }).toEqual({
    ...{ changes: undefined, all: [12_106, 12_106] },
    warnings: ['what would change cannot be said: May not look'],
  });
});

test('a policy that the kernel would refuse is none', async () => {
  await expect(outcome(file('[ipv6-egress]', 'track=[::1]/128:80'))).rejects.toThrow(/no rules about IPv6/);
});
