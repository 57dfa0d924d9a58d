import { chmodSync, chownSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describeError, isCamflowError, type PluginKind, type RawOptions } from '@camflow/api';
import { listPlugins, loadPlugin, type PluginPlaces } from '@camflow/runtime';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type InstalledFixtures, installFixtures } from './installed-fixtures.ts';

const isRoot = process.geteuid?.() === 0;
const rootNote = isRoot ? '' : ' (skipped: only root can give files away)';

let installed: InstalledFixtures;
let places: PluginPlaces;

beforeAll(() => {
  installed = installFixtures();
  places = { builtins: [], pluginPath: [join(installed.folder, 'empty'), installed.pluginPath] };
});
afterAll(() => installed?.remove());

function load<Kind extends PluginKind>(kind: Kind, requested: string, rawOptions: RawOptions = {}) {
  return loadPlugin({ kind, requested, section: 'mine', rawOptions }, places);
}

/** What a user is told: one line with the package, what is wrong with it, and what to do. */
async function refusal(kind: PluginKind, requested: string, rawOptions: RawOptions = {}) {
  const error = await load(kind, requested, rawOptions).then(
    () => undefined,
    (thrown) => thrown,
  );
  if (!isCamflowError(error)) throw new Error('no CamflowError', { cause: error });
  return { code: error.code, message: error.message, hint: error.hint, line: describeError(error) };
}

function packageFolder(name: string): string {
  return join(installed.pluginPath, 'node_modules', name);
}

describe('plugins of others, installed from packages', () => {
  test.each([
    ['source', '@example/camflow-source-heartbeat', 'heartbeat', { beats: '2' }],
    ['policy', '@example/camflow-policy-relations', 'relations', {}],
    ['format', '@example/camflow-format-csv', 'csv', { separator: ';' }],
    ['sink', '@example/camflow-sink-append', 'append', { path: '/somewhere/file' }],
  ] as const)('a %s is loaded by the name of its package', async (kind, requested, name, options) => {
    const chosen = await load(kind, requested, { ...options, unknown: 'x' });
    expect(chosen.definition).toMatchObject({ kind, name });
    expect(chosen).toMatchObject({ requested, section: 'mine', rawOptions: options });
    expect(chosen.moduleUrl).toBe(`file://${packageFolder(requested)}/index.js`);
  });

  test('by the path of its folder, and of its module', async () => {
    const folder = packageFolder('@example/camflow-sink-append');
    const options = { path: '/x' };
    expect((await load('sink', folder, options)).definition.name).toBe('append');
    expect((await load('sink', join(folder, 'index.js'), options)).definition.name).toBe('append');
  });

  test('its copy of the interface is another than ours', async () => {
    const own = await import(join(packageFolder('@camflow/api'), 'dist', 'index.js'));
    expect(own.CamflowError).not.toBe((await import('@camflow/api')).CamflowError);
    const sink = await load('sink', '@example/camflow-sink-append', { path: '/no/such/folder/file' });
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const format = { name: 'csv', mediaType: 'text/csv', framing: 'lines' } as const;
    const made = sink.definition.create({ path: '/no/such/folder/file' }, { log, section: 'mine', format });
    const error = await made.check?.().catch((thrown: unknown) => thrown);
    expect(isCamflowError(error) && error.code).toBe('SINK_MISCONFIGURED');
  });

  test('all are listed, the broken ones with the reason', async () => {
    const listed = await listPlugins(places);
    const short = listed.map(({ name, kind, version, options }) => [
      name,
      kind,
      version,
      Object.keys(options),
    ]);
    expect(short).toEqual([
      ['@example/camflow-format-csv', 'format', '1.0.0', ['separator']],
      ['@example/camflow-policy-relations', 'policy', '1.0.0', []],
      ['@example/camflow-sink-append', 'sink', '1.0.0', ['path']],
      ['@example/camflow-source-heartbeat', 'source', '1.0.0', ['beats', 'interval_ms']],
      ['broken-factory', 'sink', '1.0.0', []],
      ['broken-import', undefined, '1.0.0', []],
      ['broken-not-a-plugin', undefined, '1.0.0', []],
      ['broken-not-built', undefined, '1.0.0', []],
      ['broken-wrong-api', undefined, '1.0.0', []],
    ]);
    const problems = new Map(listed.map(({ name, problem }) => [name, problem]));
    expect(problems.get('broken-factory')).toBeUndefined();
    expect(problems.get('broken-import')).toContain('the moon is not full');
    expect(problems.get('broken-wrong-api')).toContain('version 99');
  });
});

describe('a plugin that cannot be used is refused with one clear error', () => {
  test('wrong kind', async () => {
    const { code, line } = await refusal('sink', '@example/camflow-format-csv');
    expect(code).toBe('PLUGIN_WRONG_KIND');
    expect(line).toBe(
      'sink @example/camflow-format-csv (for [mine]) is a format, not a sink. Name it in format=, or name a sink here.',
    );
  });

  test('wrong version of the interface', async () => {
    const { code, message } = await refusal('sink', 'broken-wrong-api');
    expect(code).toBe('PLUGIN_WRONG_API');
    expect(message).toBe(
      'sink broken-wrong-api was made for version 99 of the plugin interface, this is version 1',
    );
  });

  test('bad options, with the place where they were given', async () => {
    const origins = new Map([['separator', [{ where: '/etc/camflowd.ini:7', secret: false }]]]);
    const request = {
      kind: 'format',
      requested: '@example/camflow-format-csv',
      section: 'table',
      origins,
    } as const;
    const loading = loadPlugin({ ...request, rawOptions: { separator: '--' } }, places);
    await expect(loading).rejects.toMatchObject({
      code: 'PLUGIN_BAD_OPTIONS',
      message:
        'format @example/camflow-format-csv refuses its options: ' +
        '/etc/camflowd.ini:7: table.separator: must be one character, not "--"',
      hint: 'It knows the options separator.',
    });
  });

  test('bad options that came from the environment are not shown', async () => {
    const origins = new Map([['separator', [{ where: '/etc/camflowd.ini:7', secret: true }]]]);
    const request = {
      kind: 'format',
      requested: '@example/camflow-format-csv',
      section: 'table',
      origins,
    } as const;
    const loading = loadPlugin({ ...request, rawOptions: { separator: 'hunter2' } }, places);
    await expect(loading).rejects.toMatchObject({ message: expect.not.stringContaining('hunter2') });
  });

  test('a missing option', async () => {
    expect((await refusal('sink', '@example/camflow-sink-append')).message).toBe(
      'sink @example/camflow-sink-append refuses its options: mine.path: must be given',
    );
  });

  test('no plugin at all', async () => {
    const { code, line } = await refusal('sink', 'broken-not-a-plugin');
    expect(code).toBe('PLUGIN_INVALID');
    expect(line).toContain(
      'default-exports no definition. A plugin default-exports the result of definePlugin.',
    );
  });

  test('throws at import', async () => {
    const { code, line } = await refusal('sink', 'broken-import');
    expect(code).toBe('PLUGIN_LOAD_FAILED');
    expect(line).toContain(
      `broken-import cannot be imported from file://${packageFolder('broken-import')}/index.js`,
    );
    expect(line).toContain('the moon is not full');
  });

  test('published without its module', async () => {
    const { code, message } = await refusal('sink', 'broken-not-built');
    expect(code).toBe('PLUGIN_INVALID');
    expect(message).toContain(`${packageFolder('broken-not-built')}/dist/index.js does not exist`);
  });

  test.each(['absent', './index.js', '../plugins', '@example/../../x', 'plugin.js', '/absent/plugin.js', ''])(
    'there is no plugin "%s"',
    async (requested) => {
      const { code, message } = await refusal('sink', requested);
      expect(code).toBe('PLUGIN_NOT_FOUND');
      expect(message).toContain(`no sink "${requested}" is built in or found`);
    },
  );
});

describe('a plugin that others may change is refused before anything of it runs', () => {
  test.each([
    ['a file that its group may write', 'index.js', 0o664, 'its group (mode 0664)'],
    ['a file that everyone may write', 'package.json', 0o646, 'everyone (mode 0646)'],
    ['a folder that everyone may write', '.', 0o777, 'everyone (mode 0777)'],
  ])('%s', async (_what, name, mode, who) => {
    const path = join(packageFolder('broken-import'), name);
    const trusted = name === '.' ? 0o755 : 0o644;
    chmodSync(path, mode);
    try {
      const { code, message, hint } = await refusal('sink', 'broken-import');
      expect(code).toBe('PLUGIN_UNTRUSTED');
      expect(message).toBe(`sink broken-import is not loaded: ${path} may be changed by ${who}`);
      expect(hint).toBe(`Look who changed it, then: chmod go-w ${path}`);
    } finally {
      chmodSync(path, trusted);
    }
  });

  test.skipIf(!isRoot)(`a file of another user${rootNote}`, async () => {
    const path = join(packageFolder('@camflow/api'), 'dist', 'index.js');
    chownSync(path, 12345, 0);
    try {
      const { code, message } = await refusal('format', '@example/camflow-format-csv');
      expect(code).toBe('PLUGIN_UNTRUSTED');
      expect(message).toContain(`${path} belongs to user 12345, not to root`);
    } finally {
      chownSync(path, 0, 0);
    }
  });
});

test('the fixtures are no part of the workspace', () => {
  const workspace = readFileSync(new URL('../../../pnpm-workspace.yaml', import.meta.url), 'utf8');
  expect(workspace).not.toMatch(/fixtures|\*\*/);
});
