import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { CamflowKernel } from '@camflow/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';

const program = fileURLToPath(new URL('../../bin/camconfd.js', import.meta.url));
const nobody = 65_534;
const isRoot = process.geteuid?.() === 0;

let folder: string;
let controlFiles: string;
let state: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-stand-in-'));
  [controlFiles, state] = [join(folder, 'provenance'), join(folder, 'state')];
  mkdirSync(controlFiles);
  const kernel = new CamflowKernel();
  for (const [name, bytes] of kernel.contents) writeFileSync(join(controlFiles, name), bytes);
  for (const name of [...kernel.lists.keys(), 'relay_conf']) writeFileSync(join(controlFiles, name), '');
  writeFileSync(join(folder, 'camflow.ini'), '[provenance]\nenabled=true\n[user]\ntrack=4242\n');
  for (const path of [folder, controlFiles]) chmodSync(path, 0o777);
  for (const name of readdirSync(controlFiles)) chmodSync(join(controlFiles, name), 0o666);
});
afterEach(() => rmSync(folder, { recursive: true }));

/** Runs it as a user who may change nothing of the machine. */
function camconfd(...args: string[]) {
  const argv = [program, '--config', join(folder, 'camflow.ini'), '--securityfs', controlFiles, ...args];
  const user = isRoot ? { uid: nobody, gid: nobody } : {};
  return spawnSync(process.execPath, argv, { encoding: 'utf8', cwd: folder, ...user });
}

/** Whether that user may read the program at all. */
const mayRun = (): boolean =>
  spawnSync(process.execPath, [program, '--version'], { uid: nobody }).status === 0;

test.skipIf(isRoot && !mayRun())(
  'control files of a user are tried out by that user, apart from the machine',
  () => {
    expect(camconfd('--state', state)).toMatchObject({
      stdout: '2 changes:\n  + user.track=4242\n  enabled=true\n',
      stderr: '',
      status: 0,
    });
    expect(readdirSync(state).sort()).toEqual([
      'applied.json',
      'camflow-boot',
      'camflow-boot_id',
      'camflow-machine_id',
    ]);
    expect(readFileSync(join(controlFiles, 'uid')).readUInt32LE()).toBe(4242);
    expect(camconfd('--state', state)).toMatchObject({ stdout: expect.stringMatching(/^Nothing to change/) });
  },
);

test('without a folder for what is remembered it changes nothing', () => {
  expect(camconfd()).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/^camconfd: What is applied to .* Name a folder for it with --state\.\n$/),
  });
  expect(readFileSync(join(controlFiles, 'uid')).length).toBe(0);
  expect(readdirSync(folder).sort()).toEqual(['camflow.ini', 'provenance']);
});
