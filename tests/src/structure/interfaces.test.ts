import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot, sourcesOf, workspacePackages } from './workspace.ts';

/** Where the records of stock kernels may be told from those of CamFlow's: where they are made, and in the table. */
const allowed = ['kernel/', 'plugins/source-kernel/', 'core/api/src/record/abi.ts'];

test('no decoder, format, policy or output has a case for the records of stock kernels', () => {
  const sources = workspacePackages()
    .filter(({ name }) => !['@camflow/tests', '@camflow/bench'].includes(name))
    .flatMap(({ folder }) => sourcesOf(folder))
    .map((file) => path.relative(repositoryRoot, path.resolve(repositoryRoot, file)))
    .filter((file) => !/\.test\.(kit\.|support\.)?ts$|\/src\/test\//.test(file));
  expect(sources.length).toBeGreaterThan(200);
  const telling = sources.filter((file) =>
    /abiBpf1|camflow-bpf-1/.test(readFileSync(path.join(repositoryRoot, file), 'utf8')),
  );
  expect(telling.filter((file) => !allowed.some((place) => file.startsWith(place)))).toEqual([]);
  expect(telling).toContain('core/api/src/record/abi.ts');
});
