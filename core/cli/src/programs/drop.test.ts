import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSecurityfsControl } from '@camflow/kernel';
import { CamflowKernel, createStory, writeRelayDirectory } from '@camflow/testkit';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createContainer } from '../composition/container.ts';
import { tokens } from '../composition/tokens.ts';
import { runCamflow } from './camflow-program.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-drop-'));
});
afterEach(() => {
  vi.restoreAllMocks();
  rmSync(folder, { recursive: true });
});

/** What `camflow --drop` prints on a machine whose state is in the folder. */
async function dropped(...more: string[]): Promise<string> {
  const own = createContainer('camflow');
  const set = (key: unknown, value: unknown): void => void own.register(key as string, { useValue: value });
  const kernel = new CamflowKernel();
  set(tokens.openControl.key, () => createSecurityfsControl({ files: kernel, attribute: kernel.attribute }));
  set(tokens.places.key, { stateFolder: folder });
  let said = '';
  vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
    said += String(text);
    return true;
  });
  expect(await runCamflow(['--drop', ...more], own)).toBe(0);
  vi.restoreAllMocks();
  return said;
}

const launcher = fileURLToPath(new URL('../../bin/camflowd.js', import.meta.url));

/** Arguments of a recorder whose accounts are in the folder. */
function recorder(...settings: string[]): string[] {
  const all = [...settings, `general.spool_dir=${join(folder, 'spool')}`];
  return [launcher, ...all.flatMap((setting) => ['--set', setting])];
}

test('--drop tells what the kernel had no room for, and what outputs lost behind it, over all runs', async () => {
  expect(await dropped()).toBe('Graph elements dropped: \t\t0\n');
  const relay = join(folder, 'relay');
  writeRelayDirectory(relay, createStory({ records: 500 }));
  appendFileSync(join(relay, 'short.cpu0.bin'), new Uint8Array(2 * 256));
  const outputs = ['general.output=null,log', 'null.spool=off', `log.path=${join(folder, 'log')}`];
  const args = recorder('general.source=replay', `replay.path=${relay}`, ...outputs);
  for (let run = 1; run <= 2; run++) {
    expect(spawnSync(process.execPath, [...args, '--once']).status).toBe(0);
    const lines = ['log', 'null'].map((output) => `Records lost by ${output}, malformed: \t\t${2 * run}\n`);
    expect(await dropped()).toBe(`Graph elements dropped: \t\t0\n${lines.join('')}`);
  }
  expect(JSON.parse(await dropped('--json'))).toMatchObject({
    total: 0,
    outputs: { null: { malformed: 4 }, log: { malformed: 4 } },
    gapsOfUnknownSize: { null: {}, log: {} },
  });
});

test('--drop tells of losses that nobody could count', async () => {
  const relay = join(folder, 'live');
  mkdirSync(relay);
  for (const { stream, bytes } of createStory({ records: 500 }).chunks())
    appendFileSync(
      join(relay, `${stream.kind === 'long' ? 'long_provenance' : 'provenance'}${stream.cpu}`),
      bytes,
    );
  const nothing = `kernel.securityfs_dir=${join(folder, 'nothing')}`;
  const source = ['general.source=kernel', 'kernel.backend=relay', `kernel.relay_dir=${relay}`, nothing];
  const args = recorder(
    ...source,
    'general.output=null,log',
    'null.spool=off',
    `log.path=${join(folder, 'log')}`,
  );
  for (let run = 1; run <= 3; run++) {
    const daemon = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    let said = '';
    for await (const text of daemon.stderr) {
      said += String(text);
      if (!said.includes('msg="recording"')) continue;
      await vi.waitUntil(() => statSync(join(folder, 'log')).size > 0, 20_000);
      daemon.kill('SIGKILL');
    }
    // The first one found nothing, and nobody knows yet of the last kill.
    const lines = ['log', 'null'].map(
      (output) => `Records lost by ${output}, unclean_stop: \t\tunknown, ${run - 1} times\n`,
    );
    expect(await dropped()).toBe(`Graph elements dropped: \t\t0\n${run === 1 ? '' : lines.join('')}`);
  }
  expect(JSON.parse(await dropped('--json'))).toMatchObject({
    outputs: { null: {}, log: {} },
    gapsOfUnknownSize: { null: { unclean_stop: 2 }, log: { unclean_stop: 2 } },
  });
});
