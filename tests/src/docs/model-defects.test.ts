import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { expectedOrigins } from '../capture/scenarios.ts';
import { calls } from '../hooks/calls.ts';
import { scenarios } from '../hooks/scenarios.ts';
import { cases } from '../policy/cases.ts';
import { repositoryRoot } from '../structure/workspace.ts';
import { camflowDefects, defectsPage } from './camflow-defects.ts';

/** What the tables of tests list, by file: a test is made of each. */
const listed: Readonly<Record<string, readonly string[]>> = {
  'tests/src/capture/scenarios.ts': Object.keys(expectedOrigins),
  'tests/src/hooks/scenarios.ts': scenarios.map(({ name }) => name),
  'tests/src/hooks/calls.ts': calls.map(({ name }) => name),
  'tests/src/policy/cases.ts': cases.map(({ name }) => name),
};

/** The titles of the tests in a file, as far as they are written there. */
function titlesIn(file: string): string[] {
  const source = readFileSync(path.join(repositoryRoot, file), 'utf8');
  const calls = /\b(?:test|run|check)(?:\.\w+)?(?:\((?:[^()]|\([^()]*\))*\))?\(\s*(['`])(.*?)\1/g;
  return [...source.matchAll(calls)].map(([, , title]) => title!);
}

test.each(camflowDefects)('there are the tests that show: $here', ({ shownBy }) => {
  expect(shownBy.length).toBeGreaterThan(0);
  for (const [file, name] of shownBy) {
    if (listed[file] !== undefined) expect(listed[file], file).toContain(name);
    else
      expect(
        titlesIn(file).filter((title) => title.startsWith(name)),
        `${file}: ${name}`,
      ).toHaveLength(1);
  }
});

test('docs/camflow-defects.md is what they say (pnpm model writes it anew)', async () => {
  await expect(defectsPage()).toMatchFileSnapshot(path.join(repositoryRoot, 'docs/camflow-defects.md'));
});
