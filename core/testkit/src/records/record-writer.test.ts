import { decodeText, fieldOf, identifierText, recordTypeOfCode } from '@camflow/api';
import { expect, test } from 'vitest';
import { nodeIdentifier, pathId } from './identifier.ts';
import { createRandom } from './random.ts';
import { nodeRecord, relationRecord } from './record-writer.ts';

test('identifiers are printed as a CamFlow kernel prints them', () => {
  const task = nodeIdentifier({ type: 'task', id: 56228, bootId: 3, machineId: 1164181, version: 9 });
  expect(identifierText(task, 0)).toBe('AQAAAAAAAECk2wAAAAAAAAMAAACVwxEACQAAAAAAAAA=');
  const read = relationRecord('read', { id: 77, boot_id: 3, machine_id: 1164181 });
  expect(identifierText(read, 0)).toBe('AQAAAAAAIIBNAAAAAAAAAAMAAACVwxEAAAAAAAAAAAA=');
});

test('paths are numbered as the kernel numbers them', () => {
  expect(pathId(Buffer.from('/usr/bin/bash'))).toBe(1920741546203960419n);
  expect(pathId(Buffer.from('/'))).toBe(177620n);
  expect(pathId(Buffer.from('/tmp/é'))).toBe(229395213698784n);
  expect(pathId(Buffer.from(''))).toBe(5381n);
});

test('fields land where the structure has them', () => {
  const bytes = nodeRecord('packet', { packet_id: 0x1234, snd_ip: '10.0.2.15', snd_port: 80, len: 60 });
  expect([...bytes.subarray(8, 10)]).toEqual([0x12, 0x34]);
  expect([...bytes.subarray(12, 16)]).toEqual([10, 0, 2, 15]);
  expect([...bytes.subarray(20, 22)]).toEqual([0, 80]);
  const view = new DataView(bytes.buffer);
  expect(recordTypeOfCode(view.getBigUint64(0, true))?.name).toBe('packet');
  const iattr = nodeRecord('iattr', { size: -1n, atime: -5 });
  expect(new DataView(iattr.buffer).getBigInt64(152, true)).toBe(-1n);
  expect(new DataView(iattr.buffer).getBigInt64(160, true)).toBe(-5n);
});

test('a length follows from its array, or is what is asked for', () => {
  const at = fieldOf('path', 'length').offset;
  const lengthOf = (bytes: Uint8Array): number => new DataView(bytes.buffer).getUint32(at, true);
  expect(lengthOf(nodeRecord('path', { name: '/tmp/é' }))).toBe(7);
  expect(lengthOf(nodeRecord('path', { name: '/tmp', length: 9999 }))).toBe(9999);
  const long = nodeRecord('argv', { value: 'x'.repeat(5000) });
  expect(decodeText(long.subarray(144, 144 + 4096))).toBe('x'.repeat(4096));
  expect(long[4248]).toBe(0);
});

test('a field that does not exist is a mistake', () => {
  expect(() => nodeRecord('task', { pids: 1 })).toThrow('no field pids');
  expect(() => nodeRecord('takk')).toThrow('takk');
  expect(() => relationRecord('task')).toThrow('task');
  expect(() => nodeRecord('task', { pid: 1, name_id: 7 })).toThrow('name_id');
});

test('random numbers depend on the seed alone', () => {
  const draw = (seed: number): number[] => {
    const random = createRandom(seed);
    return Array.from({ length: 5 }, () => random.u32());
  };
  expect(draw(1)).toEqual(draw(1));
  expect(draw(1)).not.toEqual(draw(2));
  const random = createRandom(3);
  const seen = new Set(Array.from({ length: 1000 }, () => random.below(7)));
  expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
});
