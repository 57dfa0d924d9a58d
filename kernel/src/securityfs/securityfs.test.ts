import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCamflowError } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { exchangeOnce, readOnce, writeOnce } from './control-file.ts';
import { ProvenanceSecurityfs } from './provenance-securityfs.ts';
import { secinfoQuestion, secinfoText } from './secinfo.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-securityfs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const put = (name: string, bytes: Uint8Array | string) => writeFileSync(join(folder, name), bytes);
const get = (name: string) => readFileSync(join(folder, name));

const accounting = '/proc/thread-self/io';
const haveAccounting = existsSync(accounting);

/** Calls of read(2) and write(2) that this thread made meanwhile, with those of the counting itself. */
function callsOf(act: () => unknown): { reads: number; writes: number } {
  const count = () => {
    const [, reads, writes] = /syscr: (\d+)\nsyscw: (\d+)/.exec(readFileSync(accounting, 'utf8'))!;
    return { reads: Number(reads), writes: Number(writes) };
  };
  const before = count();
  act();
  const after = count();
  return { reads: after.reads - before.reads, writes: after.writes - before.writes };
}

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (isCamflowError(error)) return error.code;
  }
  return 'none';
}

describe('control files', () => {
  test('a read ends where the file has no end of its own', () => {
    // As with CamFlow's files, reading this one until the end never ends.
    expect(readOnce('/dev/zero', 8)).toEqual(Buffer.alloc(8));
    expect(exchangeOnce('/dev/zero', Buffer.alloc(4120))).toBe(4120);
  });

  test.skipIf(!haveAccounting)(
    `a read is one system call and a write is one${haveAccounting ? '' : ' (skipped: the kernel does not count them)'}`,
    () => {
      put('file', 'x'.repeat(100));
      const path = join(folder, 'file');
      const idle = callsOf(() => {});
      expect(callsOf(() => readOnce(path, 8)).reads - idle.reads).toBe(1);
      expect(callsOf(() => readOnce('/dev/zero', 4120)).reads - idle.reads).toBe(1);
      expect(callsOf(() => writeOnce(path, Buffer.from('1'))).writes - idle.writes).toBe(1);
      expect(callsOf(() => writeOnce('/dev/null', Buffer.alloc(264))).writes - idle.writes).toBe(1);
    },
  );

  test('a write that fails is an error', () => {
    expect(codeOf(() => writeOnce('/dev/full', Buffer.from('1')))).toBe('SYSTEM_CALL_FAILED');
  });

  test('a missing file is an error that names it', () => {
    expect(codeOf(() => readOnce(join(folder, 'none'), 4))).toBe('SYSTEM_CALL_FAILED');
    expect(codeOf(() => writeOnce(join(folder, 'none'), Buffer.from('1')))).toBe('SYSTEM_CALL_FAILED');
  });
});

describe('the control files of CamFlow', () => {
  test('numbers and texts', () => {
    put('version', 'v0.9.0');
    put('machine_id', Buffer.from([0x87, 0xd6, 0x12, 0]));
    put('boot_id', Buffer.from([3, 0, 0, 0]));
    put('dropped', Buffer.from([0x05, 0x9f, 0x17, 0, 0, 0, 0, 0]));
    const securityfs = new ProvenanceSecurityfs(folder);
    expect(securityfs.isPresent).toBe(true);
    expect(securityfs.version()).toBe('v0.9.0');
    expect(securityfs.machineId()).toBe(0x12d687);
    expect(securityfs.bootId()).toBe(3);
    expect(securityfs.dropped()).toBe(0x179f05);
    expect(new ProvenanceSecurityfs(join(folder, 'none')).isPresent).toBe(false);
  });

  test('flush, epoch and self get what the kernel takes', () => {
    for (const name of ['flush', 'epoch', 'self']) put(name, '');
    const securityfs = new ProvenanceSecurityfs(folder);
    securityfs.flush();
    securityfs.changeEpoch();
    securityfs.makeSelfOpaque();
    expect(get('flush').length).toBe(1);
    expect(get('epoch').length).toBe(1);
    const config = get('self');
    expect(config.length).toBe(264);
    expect(config.readUInt32LE(40)).toBe(2);
    expect(config[256]).toBe(2);
    expect(config.reduce((sum, byte) => sum + byte, 0)).toBe(4);
  });

  test('a security context is asked for by number', () => {
    const answer = secinfoQuestion(7);
    expect(answer.length).toBe(4120);
    expect(secinfoText(answer, 7)).toBe(undefined);
    answer.write('system_u:object_r:etc_t:s0\0', 4);
    answer.writeUInt32LE(27, 4100);
    put('secctx', answer);
    const securityfs = new ProvenanceSecurityfs(folder);
    expect(securityfs.securityContext(7)).toBe('system_u:object_r:etc_t:s0');
    expect(securityfs.securityContext(8)).toBe(undefined);
    answer.writeUInt32LE(0xffff_ffff, 4100);
    answer.fill(0x61, 4, 4100);
    expect(secinfoText(answer, 7)?.length).toBe(4096);
    rmSync(join(folder, 'secctx'));
    expect(securityfs.securityContext(7)).toBe(undefined);
  });
});
