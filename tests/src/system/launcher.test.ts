import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { repositoryRoot } from '../structure/workspace.ts';

test.each(['camflow', 'camflowd', 'camconfd'])('%s says how to build a checkout that is not', (program) => {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-launcher-'));
  try {
    cpSync(path.join(repositoryRoot, 'core/cli/bin'), path.join(folder, 'bin'), { recursive: true });
    writeFileSync(path.join(folder, 'package.json'), '{ "type": "module" }');
    const launcher = path.join(folder, 'bin', `${program}.js`);
    const ended = spawnSync(process.execPath, [launcher, '--version'], { encoding: 'utf8' });
    expect(ended.stderr).toMatch(/^\w+: this checkout is not built yet\. .* pnpm@10 exec tsc -b\n$/);
    expect(ended.status).toBe(1);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
