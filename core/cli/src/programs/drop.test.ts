import { spawnSync } from 'node:child_process';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
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

test('--drop tells what the kernel had no room for, and what outputs lost behind it, over all runs', async () => {
  expect(await dropped()).toBe('Graph elements dropped: \t\t0\n');
  const relay = join(folder, 'relay');
  writeRelayDirectory(relay, createStory({ records: 500 }));
  appendFileSync(join(relay, 'short.cpu0.bin'), new Uint8Array(2 * 256));
  const settings = ['general.source=replay', `replay.path=${relay}`, 'general.output=null'];
  settings.push(`general.spool_dir=${join(folder, 'spool')}`);
  const launcher = fileURLToPath(new URL('../../bin/camflowd.js', import.meta.url));
  const args = [launcher, '--once', ...settings.flatMap((setting) => ['--set', setting])];
  for (let run = 1; run <= 2; run++) {
    expect(spawnSync(process.execPath, args).status).toBe(0);
    expect(await dropped()).toBe(
      `Graph elements dropped: \t\t0\nRecords lost by null, malformed: \t\t${2 * run}\n`,
    );
  }
  expect(JSON.parse(await dropped('--json'))).toMatchObject({
    total: 0,
    outputs: { null: { malformed: 4 } },
  });
});
