import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from './workspace.ts';

const kernel = path.join(repositoryRoot, 'kernel');
const objects = ['dist/bpf/camflow.bpf.o', 'dist/bpf/camflow-fexit.bpf.o'];
const built = objects.every((object) => existsSync(path.join(kernel, object)));
const note = built || process.env['CAMFLOW_TEST_SYSTEM'] === '1' ? '' : ' (skipped: not built)';
// Without what the package manager that runs the tests tells its children.
const own = Object.fromEntries(Object.entries(process.env).filter(([name]) => !/^(npm|pnpm)_/i.test(name)));
const pack = ['pack', '--dry-run', '--json'];

test.skipIf(note !== '')(
  `the package holds the BPF programs, built and as sources, and no tests${note}`,
  () => {
    const said = execFileSync('npm', [...pack, '--ignore-scripts'], {
      cwd: kernel,
      encoding: 'utf8',
      env: own,
    });
    const [{ files }] = JSON.parse(said) as [{ files: { path: string; size: number }[] }];
    const names = files.map((file) => file.path);
    for (const name of [...objects, 'dist/index.js', 'dist/index.d.ts', 'bpf/record.bpf.c', 'bpf/vmlinux.h'])
      expect(names).toContain(name);
    for (const { path: name, size } of files) expect(size, name).toBeGreaterThan(0);
    expect(names.filter((name) => /\.test\.|tsbuildinfo|\/build-/.test(name))).toEqual([]);
    // What npm adds by itself is all that there is beside them.
    const other = /^(?!(bpf|dist)\/|(package\.json|README.*|LICENSE.*)$)/;
    expect(names.filter((name) => other.test(name))).toEqual([]);
  },
);

test('is not packed where its programs cannot be built', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-no-compiler-'));
  try {
    // npm, and what it needs; no compiler.
    for (const program of ['node', 'npm', 'sh', 'env']) {
      const file = execFileSync('sh', ['-c', `command -v ${program}`], { encoding: 'utf8' }).trim();
      symlinkSync(file, path.join(folder, program));
    }
    const { status, stderr } = spawnSync('npm', pack, {
      cwd: kernel,
      encoding: 'utf8',
      env: { ...own, PATH: folder },
    });
    expect(status).toBe(1);
    expect(stderr).toContain('The BPF programs cannot be built: there is no clang here.');
  } finally {
    rmSync(folder, { recursive: true });
  }
});
