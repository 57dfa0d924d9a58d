import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CamflowError } from '@camflow/api';
import {
  type Accounts,
  createSecurityfsControl,
  type ProvenanceControl,
  type SwitchName,
} from '@camflow/kernel';
import { CamflowKernel } from '@camflow/testkit';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type ConfigureContext, configure, saveForRestart } from './configure.ts';

const accounts: Accounts = {
  userId: () => undefined,
  groupId: () => undefined,
  userName: () => undefined,
  groupName: () => undefined,
};

let folder: string;
let boot: string;
let warnings: string[];
/** Files that were saved into and loaded from, in order. */
let done: string[];
let control: ProvenanceControl;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-file-flags-'));
  for (const name of ['etc', 'run']) mkdirSync(join(folder, name));
  boot = 'first';
  warnings = [];
  done = [];
  const files = new CamflowKernel();
  const plain = createSecurityfsControl({ files, attribute: files.attribute });
  // Of the BPF programs, which tests do not load, only that they can save and load.
  control = {
    ...plain,
    backend: 'bpf',
    files: {
      read: (target) => plain.files.read(target),
      mark: (target, change) => plain.files.mark(target, change),
      listOthers: () => [],
      save: (path) => {
        done.push('save');
        writeFileSync(path, 'saved');
        return { files: 2, left: 1 };
      },
      load: (path) => {
        if (readFileSync(path, 'utf8') !== 'saved')
          throw new CamflowError('CONFIG_BAD_VALUE', 'not saved flags');
        done.push('load');
        return { files: 2, left: 0 };
      },
    },
  };
});
afterEach(() => rmSync(folder, { recursive: true }));

function context(): ConfigureContext {
  return {
    openControl: () => control,
    accounts,
    stateFolder: join(folder, 'state'),
    identity: { etc: join(folder, 'etc'), run: join(folder, 'run'), kernelBoot: boot },
    warn: (text) => void warnings.push(text),
  };
}

function request(...lines: readonly string[]) {
  const path = join(folder, 'camflow.ini');
  writeFileSync(path, lines.join('\n'));
  return { path, environment: {} };
}

const persist = ['[file]', 'persist=true'];
const saved = (): string => join(folder, 'state', 'file-flags.json');

test('what was saved is said again by the first camconfd of a start, and not by later ones', async () => {
  await configure(request(...persist), false, context());
  expect(await saveForRestart(request(...persist), context())).toEqual({ files: 2, left: 1 });
  await configure(request(...persist), false, context());
  expect(done).toEqual(['save']);
  boot = 'second';
  const { restored } = await configure(request(...persist), false, context());
  expect(restored).toEqual({ files: 2, left: 0 });
  expect((await configure(request(...persist), false, context())).restored).toBe(undefined);
  expect(done).toEqual(['save', 'load']);
});

test('what was saved is kept where camconfd did not say it again yet', async () => {
  await configure(request(...persist), false, context());
  await saveForRestart(request(...persist), context());
  boot = 'second';
  expect(await saveForRestart(request(...persist), context())).toEqual({ files: 0, left: 0 });
  expect(done).toEqual(['save']);
});

test('nothing is saved or said again where the file does not ask for it, nor by a check', async () => {
  await configure(request('[file]'), false, context());
  expect(await saveForRestart(request('[file]', 'persist=false'), context())).toBe(undefined);
  expect(existsSync(saved())).toBe(false);
  writeFileSync(saved(), 'saved');
  boot = 'second';
  await configure(request(...persist), true, context());
  await configure(request('[file]'), false, context());
  expect(done).toEqual([]);
});

test('what was saved and is damaged keeps nothing from being applied', async () => {
  await configure(request(...persist), false, context());
  writeFileSync(saved(), 'damaged');
  boot = 'second';
  const { changes } = await configure(request(...persist, '[provenance]', 'enabled=true'), false, context());
  expect(changes).toContain('enabled=true');
  expect(warnings).toEqual([
    expect.stringMatching(/^what was said about files is not there again: not saved/),
  ]);
});

test('where a change fails after what was saved is said again, that is told', async () => {
  await configure(request(...persist), false, context());
  writeFileSync(saved(), 'saved');
  boot = 'second';
  const { switches } = control;
  const failing = {
    read: () => switches.read(),
    said: (name: SwitchName) => switches.said(name),
    captured: () => switches.captured(),
    set: () => {
      throw new CamflowError('SYSTEM_CALL_FAILED', 'broken');
    },
  };
  const lines = [...persist, '[provenance]', 'enabled=true'];
  control = { ...control, switches: failing };
  await expect(configure(request(...lines), false, context())).rejects.toThrow(
    /broken; everything is as it was before, but what was saved about files is said again$/,
  );
  // The next one says it again: nothing of this run is remembered.
  control = { ...control, switches };
  expect((await configure(request(...lines), false, context())).restored).toEqual({ files: 2, left: 0 });
});

test('CamFlow keeps what is said about a file with the file: nothing is saved there', async () => {
  control = { ...control, backend: 'securityfs' };
  await configure(request(...persist), false, context());
  expect(await saveForRestart(request(...persist), context())).toEqual({ files: 0, left: 0 });
  expect(done).toEqual([]);
  expect(warnings).toEqual([
    expect.stringMatching(/^persist=true in \[file\] changes nothing on CamFlow 0\.9/),
  ]);
});
