import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';

const page = readFileSync(path.join(repositoryRoot, 'README.md'), 'utf8');
const [, commands = ''] = /^```on-the-path\n([\s\S]*?)^```$/m.exec(page) ?? [];
const manifest = JSON.parse(readFileSync(path.join(repositoryRoot, 'core/cli/package.json'), 'utf8'));

test('the commands of the README put every program on the path, where it finds its modules', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-path-'));
  try {
    const here = commands.replaceAll('sudo ', '').replaceAll('/usr/local/bin', folder);
    execFileSync('bash', ['-e', '-c', here], { cwd: repositoryRoot });
    expect(readdirSync(folder).sort()).toEqual(Object.keys(manifest.bin).sort());
    for (const program of readdirSync(folder)) {
      const found = `${folder}:${path.dirname(process.execPath)}:/usr/bin:/bin`;
      const version = execFileSync(program, ['--version'], {
        cwd: '/',
        encoding: 'utf8',
        env: { ...process.env, PATH: found },
      });
      expect(version, program).toBe(`${manifest.version}\n`);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
