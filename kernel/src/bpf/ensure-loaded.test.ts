import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { Channel } from './channel.ts';
import { ensureLoaded } from './ensure-loaded.ts';
import { loadPrograms, unloadPrograms } from './load-programs.ts';

/** Programs are not loaded where this is tested: a file that another process makes is what they pin. */
const pinned = vi.hoisted(() => ({ file: '' }));
vi.mock('./load-programs.ts', () => ({ loadPrograms: vi.fn(), unloadPrograms: vi.fn() }));
vi.mock('./shadow.ts', () => ({ hideRecorders: vi.fn() }));
vi.mock('./pin-folder.ts', () => ({ isCapturePinned: () => existsSync(pinned.file) }));

const lockFile = '/run/camflow/control.lock';
const notRoot = process.getuid?.() !== 0;
const note = notRoot ? ' (skipped: not root)' : '';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'camflow-loaded-'));
  pinned.file = path.join(folder, 'pinned');
});
afterEach(() => {
  vi.clearAllMocks();
  rmSync(folder, { recursive: true });
});

/** Another process that has the lock for half a second, and then does something while it has it still. */
async function loader(script: string): Promise<() => Promise<unknown>> {
  mkdirSync(path.dirname(lockFile), { recursive: true, mode: 0o755 });
  const child = spawn('flock', [
    lockFile,
    'sh',
    '-c',
    `echo has it; sleep 0.5; ${script}`,
    'sh',
    pinned.file,
  ]);
  const ended = once(child, 'exit');
  await once(child.stdout, 'data');
  return () => ended;
}

test.skipIf(notRoot)(`what another process is loading is waited for, and left alone${note}`, async () => {
  const ended = await loader('touch "$1"');
  ensureLoaded(Channel.main, 4096);
  expect(loadPrograms).not.toHaveBeenCalled();
  expect(unloadPrograms).not.toHaveBeenCalled();
  await ended();
});

test.skipIf(notRoot)(`what another one left that was killed is removed, and loaded anew${note}`, async () => {
  const ended = await loader('kill -9 $$');
  ensureLoaded(Channel.main, 4096);
  expect(unloadPrograms).toHaveBeenCalledBefore(vi.mocked(loadPrograms));
  expect(loadPrograms).toHaveBeenCalledExactlyOnceWith(Channel.main, 4096);
  await ended();
});

test.skipIf(notRoot)(`no more than eight channels are made, besides the main one${note}`, () => {
  const there = Array.from({ length: 8 }, (_, at) => Channel.named(`c${at}`));
  const all = vi.spyOn(Channel, 'all').mockReturnValue([Channel.main, ...there]);
  expect(() => ensureLoaded(Channel.named('more'), 4096)).toThrow(/there are 8 channels already \(c0, c1, /);
  expect(loadPrograms).not.toHaveBeenCalled();
  all.mockReturnValue(there);
  ensureLoaded(Channel.main, 4096);
  all.mockReturnValue([Channel.main, ...there.slice(1)]);
  ensureLoaded(Channel.named('more'), 4096);
  expect(loadPrograms).toHaveBeenCalledTimes(2);
  all.mockRestore();
});
