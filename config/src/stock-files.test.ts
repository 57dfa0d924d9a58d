import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { checkConfiguration } from './check-configuration.ts';
import { chooseOutput } from './choose-plugin.ts';
import type { Configuration } from './configuration.ts';
import { controlSections } from './control-sections.ts';
import { detectProgram } from './detect-program.ts';
import { loadRecorderConfiguration } from './load-recorder-configuration.ts';
import { readConfiguration } from './read-configuration.ts';
import { renderIni } from './render-ini.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-stock-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

const ours = fileURLToPath(new URL('../camflow.ini', import.meta.url));

/** A file as it is once every key is given that stands behind a ";". */
function withAllKeys(path: string): Promise<Configuration> {
  const copy = join(folder, 'all-keys.ini');
  writeFileSync(copy, readFileSync(path, 'utf8').replaceAll(/^;/gm, ''));
  return readConfiguration({ path: copy, environment: {} });
}

test('our camflow.ini passes the strict check as it is, and with every key that it explains', async () => {
  const written = await readConfiguration({ path: ours, environment: {} });
  expect((await checkConfiguration(written, controlSections, true)).errors).toEqual([]);
  expect(detectProgram(written)).toBe('camconfd');
  const all = await withAllKeys(ours);
  expect((await checkConfiguration(all, controlSections, true)).errors).toEqual([]);
});

test('our camflow.ini leaves out no section and no key', async () => {
  const { sections } = await withAllKeys(ours);
  for (const [name, { options }] of controlSections) {
    const keys = [...(sections.get(name)?.origins.keys() ?? [])].sort();
    expect(keys, name).toEqual(Object.keys(options?.keys ?? {}).sort());
  }
});

/** The sections and keys of CamFlow's own camflowd.ini. */
const camflowd = `[general]
; output null, mqtt, unix_socket, fifo or log
output=log
;format=w3c
format=spade_json

[log]
path=/tmp/audit.log

[mqtt]
address=m12.example.com:17065
username=camflow
password=camflow;#1
; message qos
qos=2
topic=camflow/provenance/

[unix]
address=/tmp/camflowd.sock

[fifo]
path=/tmp/camflowd-pipe
`;

test("CamFlow's own camflowd.ini is understood", async () => {
  const path = join(folder, 'camflowd.ini');
  for (const output of ['log', 'unix', 'unix_socket']) {
    writeFileSync(path, camflowd.replace('output=log', `output=${output}`));
    const { configuration, general } = await loadRecorderConfiguration({ path, environment: {} });
    const name = output === 'log' ? 'log' : 'unix_socket';
    expect(general).toMatchObject({ outputs: [name], format: 'spade_json', source: 'kernel', policy: 'all' });
    expect(detectProgram(configuration)).toBe('camflowd');
    expect(configuration.warnings).toEqual([]);
    const key = name === 'log' ? 'path' : 'address';
    expect(Object.keys(chooseOutput(configuration, name).sink.rawOptions)).toEqual([key]);
    expect(configuration.sections.get('mqtt')?.options['password']).toBe('camflow;#1');
  }
});

test('a rendered file sets nothing, and gives the defaults once its keys are uncommented', async () => {
  const keys = {
    path: { summary: 'File to write.', default: '/var/log/x' },
    topic: { summary: `Topics ${'and so on '.repeat(20)}.`, repeatable: true },
    workers: { summary: 'Threads.', default: 'one per processor' },
  };
  const schema = {
    '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) },
  } as const;
  const descriptions = new Map([['log', { options: { keys, schema }, selection: {} }]]);
  const path = join(folder, 'rendered.ini');
  writeFileSync(path, renderIni(['What this is.', 'And more.'], descriptions));
  const lines = readFileSync(path, 'utf8').split('\n');
  expect(lines.slice(0, 7)).toEqual([
    '# What this is.',
    '#',
    '# And more.',
    '',
    '[log]',
    '# File to write.',
    ';path=/var/log/x',
  ]);
  expect(lines.every((line) => line.length <= 100)).toBe(true);
  expect(lines).toContain('# Threads. Default: one per processor.');
  const empty = await readConfiguration({ path, environment: {} });
  expect(empty.sections.get('log')?.options).toEqual({});
  const all = await withAllKeys(path);
  expect(all.sections.get('log')?.options).toEqual({ path: '/var/log/x', topic: '', workers: '' });
});
