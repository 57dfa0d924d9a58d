import { mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { makeFolder, makeFolderSync } from './make-folder.ts';

let root: string;
beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'camflow-folder-'));
});
afterAll(() => rmSync(root, { recursive: true }));

const kinds = {
  makeFolder,
  makeFolderSync: async (folder: string, mode: number) => makeFolderSync(folder, mode),
};

describe.each(Object.entries(kinds))('%s', (name, make) => {
  test('makes a folder with those above it, and is content with one that is there', async () => {
    const folder = path.join(root, name, 'a', 'b');
    await make(folder, 0o700);
    await make(folder, 0o700);
    await make('/', 0o700);
    for (const each of [folder, path.dirname(folder)]) expect(statSync(each).mode & 0o777).toBe(0o700);
    symlinkSync(folder, path.join(root, `${name}-link`));
    await make(path.join(root, `${name}-link`), 0o700);
  });

  test.runIf(process.platform === 'linux')(
    'says at once that nothing can be made in a file system that denies what is above',
    async () => {
      await expect(make('/proc/x/y/z', 0o700)).rejects.toMatchObject({ code: 'ENOENT' });
    },
  );

  test('does not take a file for a folder', async () => {
    const file = path.join(root, `${name}-file`);
    writeFileSync(file, '');
    await expect(make(file, 0o700)).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(make(path.join(file, 'below'), 0o700)).rejects.toMatchObject({ code: 'ENOTDIR' });
  });
});
