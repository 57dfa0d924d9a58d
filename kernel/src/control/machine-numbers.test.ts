import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { describeMachine } from '../bpf/machine-identity.ts';
import { type IdentityPlaces, keepMachineId, readBootId, readMachineId } from './identity-files.ts';
import { needMachineNumbers } from './machine-numbers.ts';

let folder: string;
let places: IdentityPlaces;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-identity-'));
  for (const name of ['etc', 'run']) mkdirSync(join(folder, name));
  places = { etc: join(folder, 'etc'), run: join(folder, 'run'), kernelBoot: 'one' };
});
afterEach(() => rmSync(folder, { recursive: true }));

const nobodySaid = { machine_id: 0n, boot_id: 0n };

test('whoever comes first makes the files, and all others find them', () => {
  const { machineId, bootId } = describeMachine(nobodySaid, places);
  expect({ machineId, bootId }).toEqual({ machineId: readMachineId(places), bootId: 1 });
  expect(needMachineNumbers({}, places)).toEqual({ machineId, bootId });
  expect(describeMachine(nobodySaid, { ...places, kernelBoot: 'two' })).toMatchObject({
    machineId,
    bootId: 2,
  });
});

test('what was said since the programs were loaded holds, and nothing is written', () => {
  expect(describeMachine({ machine_id: 7n, boot_id: 8n }, places)).toMatchObject({ machineId: 7, bootId: 8 });
  expect([readMachineId(places), readBootId(places)]).toEqual([undefined, undefined]);
});

test('where nothing can be written the numbers are stable all the same', () => {
  // Nobody can make a file there, not even root.
  const none = { etc: '/proc/none', run: '/proc/none', kernelBoot: 'one' };
  const { machineId, bootId } = needMachineNumbers({}, none);
  expect(machineId * bootId).toBeGreaterThan(0);
  expect(needMachineNumbers({}, none)).toEqual({ machineId, bootId });
  expect(describeMachine(nobodySaid, none)).toMatchObject({ machineId, bootId });
});

test('a number that records carry already is kept where there is none, and nowhere else', () => {
  keepMachineId(77, places);
  keepMachineId(78, places);
  expect(readFileSync(join(folder, 'etc', 'camflow-machine_id')).readUInt32LE()).toBe(77);
  keepMachineId(77, { ...places, etc: '/proc/none' });
});
