import { readFileSync } from 'node:fs';
import path from 'node:path';
import { errorCodes, lossCauses } from '@camflow/api';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';

const page = readFileSync(path.join(repositoryRoot, 'docs/errors.md'), 'utf8');

test('docs/errors.md lists every error code with its meaning, and no other', () => {
  const rows = [...page.matchAll(/^\| `([A-Z_]+)` \| (.+) \|$/gm)].map((match) => [match[1], match[2]]);
  expect(rows).toEqual(Object.entries(errorCodes));
});

test('docs/errors.md lists every cause of loss, and no other', () => {
  const causes = [...page.matchAll(/^\| `([a-z_]+)` \|/gm)].map((match) => match[1]);
  expect(causes).toEqual([...lossCauses]);
});
