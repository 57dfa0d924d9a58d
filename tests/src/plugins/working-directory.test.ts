import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const checkout = fileURLToPath(new URL('../../../', import.meta.url));
const permissions = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

let folder: string;
let trap: string;
let file: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'camflow-cwd-')));
  trap = join(folder, 'trap');
  const config = join(folder, 'config');
  mkdirSync(join(trap, '.config'), { recursive: true });
  mkdirSync(join(trap, 'node_modules', 'trap'), { recursive: true });
  mkdirSync(config);
  const code = `require('node:fs').writeFileSync(${JSON.stringify(join(folder, 'executed'))}, '')`;
  for (const name of [
    '.config/config.js',
    '.camflowdrc.js',
    'camflowd.config.js',
    'trap.js',
    'node_modules/trap/index.js',
  ]) {
    writeFileSync(join(trap, name), code);
  }
  for (const name of ['package.json', 'node_modules/trap/package.json']) {
    writeFileSync(join(trap, name), '{ "name": "trap", "main": "index.js", "cosmiconfig": {} }');
  }
  writeFileSync(join(trap, 'camflowd.ini'), '[general]\nsource=trap\n');
  // Two empty records: the smallest capture there is.
  for (const name of ['provenance0', 'long_provenance0'])
    writeFileSync(join(config, name), new Uint8Array(512));
  file = join(config, 'camflowd.ini');
  writeFileSync(
    file,
    `[general]\nsource=replay\noutput=null\nworkers=1\nplugin_path=${config}\n[replay]\npath=${config}\n[null]\nspool=off\n`,
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Runs a program in a folder full of traps, from a process that may read nothing but itself and one folder. */
function run(program: string, ...args: readonly string[]) {
  const readable = [join(checkout, '*'), join(folder, 'config', '*'), '/proc/0/no-such-directory'];
  const flags = [
    permissions,
    '--allow-worker',
    '--allow-addons',
    ...readable.flatMap((path) => ['--allow-fs-read', path]),
  ];
  return spawnSync(process.execPath, [...flags, join(checkout, 'core', 'cli', 'bin', program), ...args], {
    cwd: trap,
    env: { ...process.env, HOME: trap, XDG_CONFIG_HOME: join(trap, '.config'), NODE_OPTIONS: '' },
    encoding: 'utf8',
  });
}

test.each([
  ['camflow.js', ['config', 'check', '--strict']],
  ['camflowd.js', ['--once', '--config']],
])('%s %s reads and runs nothing of the working directory', (program, args) => {
  const { status, stdout, stderr } = run(program, ...args, file);
  expect(stdout + stderr).not.toContain('ERR_ACCESS_DENIED');
  expect({ status, stdout, stderr }).toMatchObject({ status: 0 });
  expect(existsSync(join(folder, 'executed'))).toBe(false);
});

test('plugins of the working directory are not there', () => {
  for (const name of ['trap', './trap.js']) {
    const { status, stderr } = run(
      'camflowd.js',
      '--once',
      '--config',
      file,
      '--set',
      `general.source=${name}`,
    );
    expect(stderr).toContain(`no source "${name}" is built in or found`);
    expect(status).toBe(3);
  }
  expect(existsSync(join(folder, 'executed'))).toBe(false);
});
