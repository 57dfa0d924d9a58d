import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { OptionsDefinition } from '@camflow/api';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { checkConfiguration } from './check-configuration.ts';
import { chooseOutput, choosePlugin } from './choose-plugin.ts';
import { generalSection, loadRecorderConfiguration } from './load-recorder-configuration.ts';
import { readConfiguration } from './read-configuration.ts';
import { findIniFile } from './read-ini-file.ts';
import { pluginSection } from './section-description.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-config-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

/** A reference to a variable, as it stands in a file. */
function env(name: string): string {
  return `\${env:${name}}`;
}

let files = 0;
function file(content: string | Uint8Array, name = `${files++}.ini`): string {
  const path = join(folder, name);
  writeFileSync(path, content);
  return path;
}

describe('the configuration of the recorder', () => {
  test('without a file every option has its default', async () => {
    const { general, configuration } = await loadRecorderConfiguration({ environment: {} });
    expect(general).toMatchObject({
      source: 'kernel',
      policy: 'all',
      format: 'w3c',
      outputs: ['log'],
      pluginPath: ['/usr/lib/camflow/plugins'],
      slabBytes: 4_194_304,
      drainTimeoutMs: 30_000,
      logLevel: 'info',
    });
    expect(general.workers).toBeGreaterThanOrEqual(1);
    expect(configuration.path).toBeUndefined();
  });

  test('every problem of a file is told at once, with its place', async () => {
    const path = file(
      `[general]\nnonsense\nworkers=0\nlog_level=loud\noutput=log,log\nplugin_path=here\n[mqtt]\npassword=${env('NO_SUCH')}\n`,
    );
    const loading = loadRecorderConfiguration({ path, environment: {}, overrides: ['nothing'] });
    const error = await loading.catch((thrown) => thrown);
    expect(error).toMatchObject({ name: 'CamflowError', code: 'CONFIG_SYNTAX' });
    expect(error.message.split('\n')).toEqual([
      '7 problems:',
      `  ${path}:2: neither a [section], nor "key=value", nor a comment`,
      `  ${path}:3: general.workers: must be an integer from 1 to 64, not "0"`,
      `  ${path}:4: general.log_level: "loud" is not a log level: use debug, info, warn, error`,
      `  ${path}:5: general.output: names an output twice; give the second one a section of its own, with plugin=...`,
      `  ${path}:6: general.plugin_path: must hold absolute paths only`,
      `  ${path}:8: the environment variable NO_SUCH is not set`,
      '  --set: the argument is not of the form section.key=value',
    ]);
  });

  test('--set replaces what the file gives, and a list by a list', async () => {
    const path = file('[general]\noutput=log\nformat=w3c\n[kernel]\ncpu=1\ncpu=2\n');
    const { general, configuration } = await loadRecorderConfiguration({
      path,
      environment: { DIALECT: 'camflow' },
      overrides: [
        'general.output=mqtt, unix',
        'kernel.cpu=3',
        'kernel.cpu=4',
        `w3c.dialect=${env('DIALECT')}`,
        '@x/y.z.k=a=b.c',
      ],
    });
    expect(general.outputs).toEqual(['mqtt', 'unix_socket']);
    expect(general.format).toBe('w3c');
    expect(configuration.sections.get('kernel')?.options).toEqual({ cpu: ['3', '4'] });
    expect(configuration.sections.get('w3c')?.options).toEqual({ dialect: 'camflow' });
    expect(configuration.sections.get('@x/y.z')?.options).toEqual({ k: 'a=b.c' });
    expect(configuration.sections.get('w3c')?.origins.get('dialect')).toEqual([
      { where: '--set', secret: true },
    ]);
  });

  test('a section may configure a plugin under another name', async () => {
    const path = file(
      '[general]\noutput=log,second\n[log]\npath=/a\n[second]\nplugin=log\nformat=short\npath=/b\n[short]\nplugin=w3c\ndialect=camflow\n',
    );
    const { configuration } = await loadRecorderConfiguration({ path, environment: {} });
    expect(chooseOutput(configuration, 'log')).toMatchObject({
      name: 'log',
      format: undefined,
      sink: { requested: 'log', section: 'log', rawOptions: { path: '/a' } },
    });
    expect(chooseOutput(configuration, 'second')).toMatchObject({
      name: 'second',
      format: 'short',
      sink: { requested: 'log', section: 'second', rawOptions: { path: '/b' } },
    });
    expect(choosePlugin(configuration, 'short')).toMatchObject({
      requested: 'w3c',
      rawOptions: { dialect: 'camflow' },
    });
    expect(choosePlugin(configuration, 'kernel')).toMatchObject({
      requested: 'kernel',
      section: 'kernel',
      rawOptions: {},
    });
  });
});

describe('the check of names and values', () => {
  const options: OptionsDefinition<unknown> = {
    keys: { path: { summary: 'Path.' }, password: { summary: 'Password.', secret: true } },
    schema: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => ({
          issues: Object.entries(value as object).map(([key, given]) => ({
            message: `bad "${given}"`,
            path: [key],
          })),
        }),
      },
    },
  };
  const descriptions = new Map([
    ['general', generalSection],
    ['log', pluginSection('sink', options)],
    ['kernel', pluginSection('source', undefined)],
  ]);

  test('unknown names warn with the nearest valid one, bad values are errors', async () => {
    const path = file(
      'early=1\n[general]\noutputs=log\nformat=w3c\nformat=spade_json\n[lgo]\n[logs]\n[log]\nformat=w3c\npth=/a\npath=/b\n[kernel]\nformat=w3c\n',
    );
    const configuration = await readConfiguration({ path, environment: {} });
    const { errors, warnings } = await checkConfiguration(configuration, descriptions);
    expect(errors).toEqual([
      { code: 'CONFIG_BAD_VALUE', where: `${path}:11`, message: 'log.path: bad "/b"' },
    ]);
    expect(warnings.map(({ where, message }) => `${where.slice(path.length)} ${message}`)).toEqual([
      ':1 "early" stands before the first [section] and is ignored',
      ':3 unknown key "outputs" in [general]; did you mean output?',
      `:4 "format" is given again at ${path}:5, which holds`,
      ':6 unknown section [lgo]; did you mean [log]?',
      ':7 unknown section [logs]; did you mean [log]?',
      ':10 unknown key "pth" in [log]; did you mean path?',
      ':13 unknown key "format" in [kernel]',
    ]);
    const strict = await checkConfiguration(configuration, descriptions, true);
    expect(strict.errors).toHaveLength(8);
    expect(strict.warnings).toEqual([]);
  });

  test('a section without keys is judged only where its plugin is chosen', async () => {
    const required: OptionsDefinition<unknown> = {
      keys: { path: { summary: 'Path.' } },
      schema: {
        '~standard': {
          version: 1,
          vendor: 'test',
          validate: () => ({ issues: [{ message: 'is missing', path: ['path'] }] }),
        },
      },
    };
    const configuration = await readConfiguration({ path: file('[replay]\n;path=\n'), environment: {} });
    for (const inUse of [false, true]) {
      const known = new Map([['replay', pluginSection('source', required, inUse)]]);
      const { errors } = await checkConfiguration(configuration, known, true);
      expect(errors.map(({ message }) => message)).toEqual(inUse ? ['replay.path: must be given'] : []);
    }
  });

  test('no message holds a secret', async () => {
    const path = file(`[log]\npassword=hunter2\npath=${env('HIDDEN')}\n`);
    const configuration = await readConfiguration({ path, environment: { HIDDEN: 'hunter2' } });
    const { errors } = await checkConfiguration(configuration, descriptions);
    expect(errors).toHaveLength(2);
    expect(JSON.stringify(errors)).not.toContain('hunter2');
  });
});

describe('references to the environment', () => {
  test.each([
    [env('A'), 'one'],
    [`x${env('A')}-${env('B')}y`, `xone-${env('A')}y`],
    ['$A $(A) env:A', '$A $(A) env:A'],
  ])('%s', async (value, expected) => {
    const environment = { A: 'one', B: env('A') };
    const configuration = await readConfiguration({ path: file(`[s]\nk=${value}\n`), environment });
    expect(configuration.sections.get('s')?.options).toEqual({ k: expected });
  });

  test.each([env(''), env('A-B'), env('A').slice(0, -1), env('constructor')])(
    '%s is refused',
    async (value) => {
      const configuration = await readConfiguration({
        path: file(`[s]\nk=${value}\n`),
        environment: { A: '1' },
      });
      expect(configuration.problems).toHaveLength(1);
      expect(configuration.problems[0]?.where).toMatch(/:2$/);
    },
  );
});

describe('reading files', () => {
  test.each([
    ['a folder', () => folder],
    ['nothing', () => join(folder, 'absent.ini')],
    ['bytes that are not text', () => file(Uint8Array.of(0x5b, 0x61, 0xff, 0x5d))],
    ['a NUL', () => file('[a]\nx=\0')],
    ['a huge file', () => file(new Uint8Array(1024 * 1024 + 1).fill(0x3b))],
  ])('%s is refused', async (_what, make) => {
    const path = make();
    await expect(readConfiguration({ path, environment: {} })).rejects.toMatchObject({
      code: 'CONFIG_UNREADABLE',
      message: `cannot read the configuration file ${path}`,
    });
  });

  test.each(['package.ini', 'package.json', 'x.js', 'x.mjs', 'x.ts', 'x.yaml', 'x', '.camflowrc', 'x.conf'])(
    'a file called %s is read as ini',
    async (name) => {
      const path = file('[log]\npath=/a\n$import=other', name);
      const configuration = await readConfiguration({ path, environment: {} });
      expect(configuration.sections.get('log')?.options).toEqual({ path: '/a' });
    },
  );

  test('an empty file is a configuration', async () => {
    expect((await readConfiguration({ path: file(''), environment: {} })).sections.size).toBe(0);
  });

  test('a default file is found in one folder only', async () => {
    const directory = join(folder, 'etc');
    mkdirSync(join(directory, 'below'), { recursive: true });
    expect(await findIniFile('camflowd.ini', directory)).toBeUndefined();
    writeFileSync(join(directory, 'camflowd.ini'), '');
    chmodSync(join(directory, 'camflowd.ini'), 0);
    expect(await findIniFile('camflowd.ini', directory)).toBe(join(directory, 'camflowd.ini'));
    expect(await findIniFile('camflowd.ini', join(directory, 'below'))).toBeUndefined();
  });
});
