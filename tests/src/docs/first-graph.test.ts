import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { repositoryRoot } from '../structure/workspace.ts';

const page = readFileSync(path.join(repositoryRoot, 'README.md'), 'utf8');
const [, commands = ''] = /^```first-graph\n([\s\S]*?)^```$/m.exec(page) ?? [];
const [, promised = ''] = /^The last one prints[^\n]*\n+```\n([\s\S]*?)^```$/m.exec(page) ?? [];
const minute = 60_000;

const system = process.env['CAMFLOW_TEST_SYSTEM'] === '1';
const reason = system
  ? whyNoCapture('6.1')
  : 'it installs and builds a clone: CAMFLOW_TEST_SYSTEM=1 asks for it';
const note = reason === undefined ? '' : ` (skipped: ${reason})`;

test.skipIf(reason !== undefined)(
  `the commands of the README lead from a clone to a first graph${note}`,
  () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'camflow-clone-'));
    const clone = path.join(folder, 'camflow');
    try {
      cloneInto(clone);
      // Without what the package manager that runs the tests tells its children.
      const own = Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name));
      const ended = spawnSync('bash', ['-e', '-c', commands], {
        cwd: clone,
        encoding: 'utf8',
        env: { ...Object.fromEntries(own), npm_config_prefer_offline: 'true' },
      });
      expect(ended.status, ended.stderr + ended.stdout).toBe(0);
      expect(ended.stdout).toContain('Capture works, by BPF programs.');
      const withoutNumbers = (text: string): string => text.replaceAll(/\(process \d+\)/g, '(process)');
      expect(withoutNumbers(ended.stdout)).toContain(withoutNumbers(promised));
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  20 * minute,
);

test('the README promises a graph', () => {
  expect(commands.split('\n').filter((line) => line !== '')).toHaveLength(4);
  expect(promised).toContain('/root/copy');
});

function cloneInto(folder: string): void {
  if (existsSync(path.join(repositoryRoot, '.git'))) {
    const cloned = spawnSync('git', ['clone', '--quiet', repositoryRoot, folder], { encoding: 'utf8' });
    if (cloned.status === 0) return;
  }
  const left = new Set(['node_modules', 'dist', 'output', '.git']);
  cpSync(repositoryRoot, folder, { recursive: true, filter: (file) => !left.has(path.basename(file)) });
}
