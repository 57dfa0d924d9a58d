import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { camflowDefects, defectsPage } from './camflow-defects.ts';

test.each(camflowDefects)('there are the tests that show: $here', ({ shownBy }) => {
  expect(shownBy.length).toBeGreaterThan(0);
  for (const [file, name] of shownBy) {
    expect(readFileSync(path.join(repositoryRoot, file), 'utf8'), file).toContain(name);
  }
});

test('docs/camflow-defects.md is what they say (pnpm model writes it anew)', async () => {
  await expect(defectsPage()).toMatchFileSnapshot(path.join(repositoryRoot, 'docs/camflow-defects.md'));
});
