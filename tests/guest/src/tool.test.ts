import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { runTool } from './tool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'camflow-tool-'));
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true });
});

/** Puts a program before those of the host that fails and says why. */
function failing(program: string, says: string): void {
  const file = path.join(folder, program);
  writeFileSync(file, `#!/bin/sh\necho '${says}' >&2\nexit 1\n`);
  chmodSync(file, 0o755);
  vi.stubEnv('PATH', `${folder}:${process.env['PATH']}`);
}

describe('a tool of the host', () => {
  test('that fails is quoted with the last that it said', async () => {
    await expect(runTool('ls', ['/no/such/folder'], folder)).rejects.toThrow(
      /^ls \/no\/such\/folder failed: ls: .*No such file or directory$/,
    );
  });

  test('that is missing is named', async () => {
    await expect(runTool('no-such-tool', [], folder)).rejects.toThrow(/: no-such-tool is not installed$/);
  });

  test('that is missing where unshare should start it is named with its package', async () => {
    failing('unshare', 'unshare: failed to execute mkfs.ext4: No such file or directory');
    await expect(runTool('unshare', ['--map-root-user', 'mkfs.ext4'], folder)).rejects.toThrow(
      /: mkfs\.ext4 is not installed; Debian and Ubuntu have it in the package e2fsprogs$/,
    );
  });

  test.for([
    'unshare: write failed /proc/self/uid_map: Operation not permitted',
    'unshare: unshare failed: Operation not permitted',
    'unshare: unshare failed: No space left on device',
  ])('that may make no user namespace brings what to set: %s', async (says) => {
    failing('unshare', says);
    await expect(runTool('unshare', ['--map-root-user'], folder)).rejects.toThrow(
      `${says}; user namespaces are not allowed here: run this as root, or allow them, on Ubuntu from 24.04 on with: ` +
        'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
    );
  });

  test('whose arguments are wrong is only quoted', async () => {
    await expect(runTool('unshare', ['--no-such-option'], folder)).rejects.not.toThrow(/user namespaces/);
  });
});
