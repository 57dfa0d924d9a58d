import { execFileSync, spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const checkout = fileURLToPath(new URL('../..', import.meta.url));
const program = new URL('../dist/index.js', import.meta.url).href;
const finder = new URL('../dist/read-ini-file.js', import.meta.url).href;
const cosmiconfig = import.meta.resolve('cosmiconfig');
// Node renamed the switch when its permission model became stable.
const permissions = process.allowedNodeEnvironmentFlags.has('--permission')
  ? '--permission'
  : '--experimental-permission';

let folder: string;
/** A working directory and home full of files that other tools read or run. */
let trap: string;
let marker: string;

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'camflow-trap-')));
  trap = join(folder, 'trap');
  marker = join(folder, 'executed');
  mkdirSync(join(trap, '.config'), { recursive: true });
  mkdirSync(join(folder, 'etc'));
  writeFileSync(join(folder, 'etc', 'camflowd.ini'), '[log]\npath=/right\n');
  const code = `require('node:fs').writeFileSync(${JSON.stringify(marker)}, 'executed'); module.exports = {};`;
  for (const name of ['camflow', 'camflowd', 'config', 'cosmiconfig']) {
    for (const place of [`.config/${name}`, `.${name}rc`, `${name}.config`]) {
      for (const ending of ['js', 'cjs']) writeFileSync(join(trap, `${place}.${ending}`), code);
    }
  }
  writeFileSync(join(trap, 'package.json'), '{"cosmiconfig":{"searchPlaces":["camflow.ini"]},"camflow":{}}');
  for (const name of ['camflowd.ini', 'camflow.ini']) writeFileSync(join(trap, name), '[log]\npath=/wrong\n');
});
afterAll(() => rmSync(folder, { recursive: true }));

/**
 * Runs code in the trap, in a process that may look at nothing but the checkout, the folder of the file, and the
 * directory that is shown to cosmiconfig, which cannot exist.
 */
function runInTrap(code: string) {
  const readable = [join(checkout, '*'), join(folder, 'etc', '*'), '/proc/0/no-such-directory'].flatMap(
    (path) => ['--allow-fs-read', path],
  );
  return spawnSync(process.execPath, [permissions, ...readable, '--input-type=module', '-e', code], {
    cwd: trap,
    env: { ...process.env, HOME: trap, XDG_CONFIG_HOME: join(trap, '.config'), NODE_OPTIONS: '' },
    encoding: 'utf8',
  });
}

test('nothing in the working directory or the home directory is read', () => {
  const { stdout, stderr } = runInTrap(`
    import { loadRecorderConfiguration } from ${JSON.stringify(program)};
    import { findIniFile } from ${JSON.stringify(finder)};
    const path = await findIniFile('camflowd.ini', ${JSON.stringify(join(folder, 'etc'))});
    const { configuration } = await loadRecorderConfiguration({ path, environment: process.env });
    console.log(configuration.sections.get('log').options.path);
    await loadRecorderConfiguration({ environment: process.env });
    console.log(process.cwd());
  `);
  expect(stderr.replace(/^.*(Warning|warning).*$/gm, '').trim()).toBe('');
  expect(stdout).toBe(`/right\n${trap}\n`);
  expect(existsSync(marker)).toBe(false);
});

test('cosmiconfig left to itself would read there, and run what it finds', () => {
  const code = `import { cosmiconfig } from ${JSON.stringify(cosmiconfig)}; cosmiconfig('camflow');`;
  expect(runInTrap(code).stderr).toContain('ERR_ACCESS_DENIED');
  rmSync(join(trap, 'package.json'));
  execFileSync(process.execPath, ['--input-type=module', '-e', code], { cwd: trap });
  expect(existsSync(marker)).toBe(true);
});

test('a configuration file that looks like a program is not run', () => {
  rmSync(marker, { force: true });
  const programs = (readdirSync(trap, { recursive: true }) as string[]).filter((name) => name.endsWith('js'));
  const code = `
    import { readConfiguration } from ${JSON.stringify(program)};
    for (const path of process.argv.slice(1)) {
      const { problems } = await readConfiguration({ path, environment: {} });
      console.log(problems[0].code);
    }`;
  const paths = programs.map((name) => join(trap, name));
  const run = spawnSync(process.execPath, ['--input-type=module', '-e', code, ...paths], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(programs.length).toBeGreaterThan(20);
  expect(run.stdout).toBe('CONFIG_SYNTAX\n'.repeat(programs.length));
  expect(existsSync(marker)).toBe(false);
});
