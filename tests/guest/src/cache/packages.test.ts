import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openPackages } from './packages.ts';

test('without its keys nothing is asked of Debian, and the package that has them is named', async () => {
  const state = mkdtempSync(path.join(tmpdir(), 'camflow-packages-'));
  try {
    await expect(openPackages(state, '/no/such/keyring.gpg')).rejects.toThrow(
      /\/no\/such\/keyring\.gpg.*sudo apt-get install debian-archive-keyring$/,
    );
    expect(readdirSync(state)).toEqual([]);
  } finally {
    rmSync(state, { recursive: true });
  }
});
