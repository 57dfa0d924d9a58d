#!/usr/bin/env node
// The test command: installs, builds and fetches what system tests need (only where CAMFLOW_TEST_SYSTEM=1), then runs
// every test.
import { spawnSync } from 'node:child_process';
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { installSystemPackages } from './system-packages.js';

const root = fileURLToPath(new URL('../../', import.meta.url));
if (process.env.CAMFLOW_TEST_SYSTEM === '1') {
  installSystemPackages();
  const programs = fileURLToPath(new URL('../../kernel/bpf/build.js', import.meta.url));
  const built = spawnSync(process.execPath, [programs, '--required'], { stdio: 'inherit' });
  if (built.status !== 0) throw new Error('the BPF programs cannot be built');
  const vm = fileURLToPath(new URL('../guest/bin/vm.js', import.meta.url));
  const { status } = spawnSync(process.execPath, [vm, '--prepare'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('the guest for system tests cannot be prepared');
}

const require = createRequire(import.meta.url);
const vitest = path.join(path.dirname(require.resolve('vitest/package.json')), 'vitest.mjs');
const reporter = fileURLToPath(new URL('./closing-line-reporter.js', import.meta.url));
const result = spawnSync(
  process.execPath,
  [vitest, 'run', '--root', root, '--reporter=default', `--reporter=${reporter}`, ...process.argv.slice(2)],
  { stdio: 'inherit', cwd: root },
);
process.exitCode = result.status ?? 1;
