import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { policySuite } from '@camflow/testkit';
import { afterAll, describe, test } from 'vitest';
import definition from './index.ts';

const folder = mkdtempSync(join(tmpdir(), 'camflow-policy-'));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, ...lines: string[]): { path: string } {
  const path = join(folder, name);
  writeFileSync(path, ['[provenance]', ...lines].join('\n'));
  return { path };
}

describe('the contract of policies', () => {
  policySuite({
    test,
    definition,
    options: file('all', 'enabled=true', 'node_filter=envp', 'node_filter=path', 'relation_filter=read'),
    variants: [
      file('nodes', 'enabled=true', 'node_filter=envp', 'node_filter=directory'),
      file('relations', 'enabled=true', 'relation_filter=read'),
      file('nothing', 'enabled=true'),
      file('off', 'enabled=false', 'node_filter=envp'),
    ],
  });
});
