import { mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listPlugins } from './list-plugins.ts';
import { loadPlugin } from './load-plugin.ts';
import type { BuiltinPlugin, PluginPlaces } from './plugin-places.ts';

const api = import.meta.resolve('@camflow/api');

let folder: string;
let places: PluginPlaces;
let defects = 0;

/** Writes a module that default-exports a definition with these properties. */
function moduleOf(name: string, properties: string): string {
  const path = resolve(folder, name);
  const code = `import { definePlugin } from ${JSON.stringify(api)};
    export default definePlugin({ apiVersion: 1, summary: '', create() {}, ${properties} });`;
  writeFileSync(path, code, { mode: 0o644 });
  return pathToFileURL(path).href;
}

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'camflow-load-')));
  const builtins: readonly BuiltinPlugin[] = [
    {
      name: 'unix_socket',
      kind: 'sink',
      aliases: ['unix'],
      moduleUrl: moduleOf('unix.mjs', "kind: 'sink', name: 'unix_socket'"),
    },
    { name: 'both', kind: 'sink', moduleUrl: moduleOf('both-sink.mjs', "kind: 'sink', name: 'both'") },
    { name: 'both', kind: 'policy', moduleUrl: moduleOf('both-policy.mjs', "kind: 'policy', name: 'both'") },
  ];
  places = { builtins, pluginPath: [join(folder, 'plugins')] };
});
afterAll(() => rmSync(folder, { recursive: true }));

const request = { section: 'mine', rawOptions: {} };

describe('a built-in plugin', () => {
  test('is found by its name, by another name of it, and by kind where two share a name', async () => {
    for (const requested of ['unix_socket', 'unix']) {
      const { definition } = await loadPlugin({ ...request, kind: 'sink', requested }, places);
      expect(definition.name).toBe('unix_socket');
    }
    for (const kind of ['sink', 'policy'] as const) {
      expect((await loadPlugin({ ...request, kind, requested: 'both' }, places)).definition.kind).toBe(kind);
    }
  });

  test('of another kind is refused, and says which it is', async () => {
    await expect(loadPlugin({ ...request, kind: 'format', requested: 'unix' }, places)).rejects.toMatchObject(
      {
        code: 'PLUGIN_WRONG_KIND',
        message: 'format unix (for [mine]) is a sink, not a format',
        hint: 'Name it in output=, or name a format here.',
      },
    );
  });

  test('that is misspelt is offered', async () => {
    await expect(
      loadPlugin({ ...request, kind: 'sink', requested: 'unix-sokcet' }, places),
    ).rejects.toMatchObject({
      code: 'PLUGIN_NOT_FOUND',
      hint: 'Did you mean unix_socket?',
    });
  });

  test('is listed', async () => {
    expect((await listPlugins(places)).map(({ name, kind, builtin }) => [name, kind, builtin])).toEqual([
      ['unix_socket', 'sink', true],
      ['both', 'sink', true],
      ['both', 'policy', true],
    ]);
  });
});

test.each([
  ["kind: 'lens', name: 'x'", 'its kind "lens" is none of source, policy, format, sink'],
  ["kind: 'sink', name: 'My Sink'", 'its name is not made of a-z, 0-9, _ and -'],
  ["kind: 'sink', name: 'x', create: {}", 'its create is not a function'],
  ["kind: 'sink', name: 'x', options: { schema: {} }", 'its options describe no keys'],
  ["kind: 'sink', name: 'x', options: { keys: {}, schema: {} }", 'its options have no schema'],
  ["kind: 'format', name: 'x'", 'its mediaType is missing'],
  [
    "kind: 'format', name: 'x', mediaType: 'text/plain', framing: 'words'",
    'its framing is none of lines, documents, frames',
  ],
])('a definition with %s is refused', async (properties, defect) => {
  const requested = join(folder, `defect-${defects++}.mjs`);
  moduleOf(requested, properties);
  await expect(loadPlugin({ ...request, kind: 'sink', requested }, places)).rejects.toMatchObject({
    code: 'PLUGIN_INVALID',
    message: `sink ${requested} is no plugin: ${defect}`,
  });
});

test('a schema that throws is one clear error', async () => {
  const moduleUrl = moduleOf(
    'throwing.mjs',
    "kind: 'sink', name: 'x', options: { keys: { path: {} }, schema: { '~standard': { validate() { throw new Error('oops'); } } } }",
  );
  const builtins: readonly BuiltinPlugin[] = [{ name: 'x', kind: 'sink', moduleUrl }];
  await expect(
    loadPlugin({ ...request, kind: 'sink', requested: 'x' }, { builtins, pluginPath: [] }),
  ).rejects.toMatchObject({ code: 'PLUGIN_BAD_OPTIONS', message: 'the schema of sink x failed on [mine]' });
});
