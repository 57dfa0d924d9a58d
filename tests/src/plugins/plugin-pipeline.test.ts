import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCamflowError, type PluginKind, type RawOptions } from '@camflow/api';
import { createRun, loadPlugin, type RunPlan } from '@camflow/runtime';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type InstalledFixtures, installFixtures } from './installed-fixtures.ts';

const log = { debug() {}, info() {}, warn() {}, error() {} };

let installed: InstalledFixtures;
beforeAll(() => {
  installed = installFixtures();
});
afterAll(() => installed?.remove());

function load<Kind extends PluginKind>(kind: Kind, requested: string, rawOptions: RawOptions = {}) {
  const places = { builtins: [], pluginPath: [installed.pluginPath] };
  return loadPlugin({ kind, requested, section: requested, rawOptions }, places);
}

/** A run in which every plugin is someone else's. */
async function plan(sink: string, path: string): Promise<RunPlan> {
  return {
    source: await load('source', '@example/camflow-source-heartbeat', { beats: '50' }),
    policy: await load('policy', '@example/camflow-policy-relations'),
    outputs: [
      {
        name: 'table',
        sink: await load('sink', sink, { path }),
        format: await load('format', '@example/camflow-format-csv', { separator: ';' }),
      },
    ],
    workers: 2,
    slabBytes: 65_536,
    drainTimeoutMs: 10_000,
  };
}

test('a run of nothing but plugins of others, their formatter inside the workers', async () => {
  const path = join(installed.folder, 'table.csv');
  const run = createRun(await plan('@example/camflow-sink-append', path), { log });
  await run.start();
  const report = await run.ended;
  expect(report.outputs).toMatchObject([
    { output: 'table', produced: 100, delivered: 50, filtered: 50, dropped: {}, pending: 0, units: 50 },
  ]);
  const lines = readFileSync(path, 'utf8').trimEnd().split('\n');
  expect(lines).toHaveLength(50);
  for (const [beat, line] of lines.entries()) {
    const [thread, type, , from = ''] = line.split(';');
    expect([thread, type]).toEqual(['worker', 'read']);
    expect(Buffer.from(from, 'base64').readBigUInt64LE(8)).toBe(BigInt(beat + 1));
  }
});

test('a factory that throws is one clear error, and nothing is started', async () => {
  const path = join(installed.folder, 'never.csv');
  const broken = await plan('broken-factory', path);
  const [good] = (await plan('@example/camflow-sink-append', path)).outputs;
  const run = createRun({ ...broken, outputs: [{ ...good!, name: 'good' }, ...broken.outputs] }, { log });
  const error = await run.start().catch((thrown: unknown) => thrown);
  if (!isCamflowError(error)) throw new Error('no CamflowError', { cause: error });
  expect(error.code).toBe('PLUGIN_CREATE_FAILED');
  expect(error.message).toContain('broken-factory');
  expect(error.message + String(error.cause)).toContain('no spoon');
  expect(existsSync(path)).toBe(false);
});
