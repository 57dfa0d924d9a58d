import path from 'node:path';
import { recordTypes } from '@camflow/api';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';
import { documentedFormats, renderAttributesPage } from './attributes-page.ts';

test.each([...documentedFormats])(
  'docs tell every attribute of %s (run vitest with -u to write them anew)',
  async (name, table) => {
    const page = renderAttributesPage(name, table);
    for (const type of recordTypes) expect(page, type.name).toContain(`\`${type.name}\``);
    const file = `docs/attributes-${name.replaceAll('_', '-')}.md`;
    await expect(page).toMatchFileSnapshot(path.join(repositoryRoot, file));
  },
);
