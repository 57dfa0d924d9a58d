import { readFileSync } from 'node:fs';
import path from 'node:path';
import { metrics } from 'camflow';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';

test('docs/metrics.md lists every metric with its type, labels and meaning, and no other', () => {
  const page = readFileSync(path.join(repositoryRoot, 'docs/metrics.md'), 'utf8');
  const rows = page.split('\n').filter((line) => line.startsWith('| `camflow_'));
  const expected = metrics.map(({ name, type, labels, help }) => {
    const names = labels.map((label) => `\`${label}\``).join(', ');
    return `| \`${name}\` | ${type} | ${names} | ${help} |`;
  });
  expect(rows).toEqual(expected);
});
