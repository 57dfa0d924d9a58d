import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isPluginDefinition, type PluginDefinition, type PluginKind } from '@camflow/api';
import {
  checkConfiguration,
  generalSection,
  pluginSection,
  readConfiguration,
  renderIni,
  type SectionDescriptions,
} from '@camflow/config';
import { beforeAll, expect, test } from 'vitest';

const plugins = new URL('../../../plugins/', import.meta.url);
const defaultFile = fileURLToPath(new URL('../../../config/camflowd.ini', import.meta.url));
const kinds: readonly PluginKind[] = ['source', 'policy', 'format', 'sink'];

const introduction = [
  'What the recorder does with what the kernel captures: /etc/camflowd.ini, read by camflowd. Keys behind a ";" show ' +
    'their defaults. `camflow config check --strict FILE` tells mistakes.',
  'A name in source=, policy=, format= or output= stands for a section, below or of your own. The section configures ' +
    'the plugin of the same name, or the one that it names with plugin=: a built-in name, the name of a package, or ' +
    'an absolute path. So an output can be used twice (output=log,second and, in [second], plugin=log), and a format ' +
    'with other options (format=short in [log] and, in [short], plugin=w3c).',
  'A value may hold ${' +
    'env:NAME}, which stands for a variable of the environment: secrets need not be written here.',
];

let descriptions: SectionDescriptions;

/** The definition of every plugin in the repository. */
async function definitions(): Promise<PluginDefinition[]> {
  const modules = readdirSync(plugins).map((name) => import(new URL(`${name}/dist/index.js`, plugins).href));
  return (await Promise.all(modules)).map((module) => module.default).filter(isPluginDefinition);
}

beforeAll(async () => {
  const all = (await definitions()).filter(({ options }) => Object.keys(options?.keys ?? {}).length > 0);
  const ordered = kinds.flatMap((kind) => all.filter((definition) => definition.kind === kind));
  descriptions = new Map([
    ['general', generalSection],
    ...ordered.map(({ kind, name, options }) => [name, pluginSection(kind, options)] as const),
  ]);
});

test('config/camflowd.ini explains every key of every plugin (run vitest with -u to write it anew)', async () => {
  const withoutPlugin = [...descriptions].map(([section, { options, selection }]) => {
    const { plugin: _, ...rest } = selection;
    return [section, { options, selection: rest }] as const;
  });
  await expect(renderIni(introduction, new Map(withoutPlugin))).toMatchFileSnapshot(defaultFile);
});

test('it passes the strict check, and so do the defaults that it tells', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-default-'));
  try {
    const path = join(folder, 'camflowd.ini');
    // Keys without a written default stay as they are: behind a comment sign.
    writeFileSync(path, readFileSync(defaultFile, 'utf8').replaceAll(/^;(?=.+=.)/gm, ''));
    // The one option that has no default and cannot be left out.
    const overrides = ['replay.path=/srv/capture'];
    for (const file of [defaultFile, path]) {
      const configuration = await readConfiguration({ path: file, environment: {}, overrides });
      expect((await checkConfiguration(configuration, descriptions, true)).errors).toEqual([]);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
