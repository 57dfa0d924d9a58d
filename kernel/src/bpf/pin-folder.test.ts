import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Channel } from './channel.ts';
import { requireOwnFolders } from './pin-folder.ts';

const notRoot = process.getuid?.() !== 0;
const note = notRoot ? ' (skipped: not root)' : '';

let above: string;
beforeEach(() => {
  above = mkdtempSync(path.join(tmpdir(), 'camflow-pins-'));
});
afterEach(() => rmSync(above, { recursive: true }));

/** A channel whose folders lie elsewhere. */
function channel(name?: string): Channel {
  const folder = path.join(above, 'pins');
  return {
    name,
    folder,
    linkFolder: path.join(folder, 'links'),
    programFolder: path.join(folder, 'programs'),
  } as unknown as Channel;
}

describe.skipIf(notRoot)(`the folders of the programs${note}`, () => {
  test("are root's, or not there", () => {
    requireOwnFolders(channel());
    mkdirSync(channel().linkFolder, { recursive: true, mode: 0o700 });
    requireOwnFolders(channel());
    requireOwnFolders(channel('audit'));
  });

  test.for([
    ['a link', () => symlinkSync('/etc', path.join(above, 'pins'))],
    ['a link further in', () => makeFolder(0o700, () => symlinkSync('/etc', path.join(above, 'pins/links')))],
    ['one that others may write to', () => makeFolder(0o1777)],
  ] as const)('%s in their place is refused', ([, make]) => {
    make();
    expect(() => requireOwnFolders(channel())).toThrow(/pins\S* is not a folder of root alone/);
  });

  test('of a channel are in one that is', () => {
    makeFolder(0o700, () => chmodSync(above, 0o1777));
    requireOwnFolders(channel());
    expect(() => requireOwnFolders(channel('audit'))).toThrow(`${above} is not a folder of root alone`);
  });
});

function makeFolder(mode: number, then: () => void = () => {}): void {
  mkdirSync(path.join(above, 'pins'));
  chmodSync(path.join(above, 'pins'), mode);
  then();
}
