import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const present = spawnSync('systemd-analyze', ['--version']).status === 0;
const skip = !present && process.env['CAMFLOW_TEST_SYSTEM'] !== '1';
const note = skip ? ' (skipped: systemd-analyze is not installed)' : '';
const units = new URL('../systemd/', import.meta.url);

test.skipIf(skip)(`systemd has nothing to say against the units${note}`, () => {
  const folder = mkdtempSync(join(tmpdir(), 'camflow-units-'));
  try {
    const copies = readdirSync(units).map((name) => {
      // The programs are not installed where this is tested.
      const text = readFileSync(new URL(name, units), 'utf8').replace(
        /^(ExecStart|ExecStop)=.*$/gm,
        '$1=/bin/true',
      );
      writeFileSync(join(folder, name), text);
      return join(folder, name);
    });
    expect(copies).toHaveLength(2);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', ...copies], { encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(status).toBe(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
