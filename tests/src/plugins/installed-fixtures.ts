import { execFileSync } from 'node:child_process';
import {
  cpSync,
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

const fixtures = fileURLToPath(new URL('../../fixtures/', import.meta.url));
const api = fileURLToPath(new URL('../../../core/api/', import.meta.url));

/** Plugins of other people, installed as they would install them. */
export interface InstalledFixtures {
  /** A folder for files of the test. */
  readonly folder: string;
  /** A folder for `plugin_path`: packages are in its `node_modules`. */
  readonly pluginPath: string;
  remove(): void;
}

/**
 * Packs the plugin interface, and the fixtures from a copy outside of this workspace, and installs the tarballs
 * into a temporary folder, without a network. The plugins get a copy of `@camflow/api` of their own.
 */
export function installFixtures(): InstalledFixtures {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'camflow-plugins-')));
  const tarballs = join(folder, 'tarballs');
  const pluginPath = join(folder, 'plugins');
  mkdirSync(tarballs);
  mkdirSync(pluginPath, { mode: 0o755 });
  const sources = join(folder, 'sources');
  cpSync(fixtures, sources, { recursive: true });
  writeFileSync(join(sources, 'pnpm-workspace.yaml'), 'packages: ["*"]');
  pnpm(['pack', '--pack-destination', tarballs], api);
  pnpm(['--recursive', 'pack', '--pack-destination', tarballs], sources);
  writeFileSync(join(pluginPath, 'package.json'), '{ "private": true }');
  const files = readdirSync(tarballs).map((name) => join(tarballs, name));
  const install = ['install', '--offline', '--ignore-scripts', '--no-audit', '--no-fund', ...files];
  execFileSync('npm', install, { cwd: pluginPath, stdio: 'pipe', env: environment() });
  // Where a user's umask leaves a group its rights, npm does too.
  execFileSync('chmod', ['-R', 'go-w', pluginPath]);
  return { folder, pluginPath, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

function pnpm(args: readonly string[], folder: string): void {
  // The pnpm that runs the tests, if one does.
  const running = process.env['npm_execpath'];
  const [program, first] =
    running !== undefined && /pnpm/.test(running) && existsSync(running)
      ? [process.execPath, [running]]
      : ['npx', ['--yes', 'pnpm@10']];
  execFileSync(program, [...first, ...args], { cwd: folder, stdio: 'pipe', env: environment() });
}

/** The environment without what the package manager that runs the tests tells its children. */
function environment(): NodeJS.ProcessEnv {
  const own = Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name));
  return Object.fromEntries(own);
}
