import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isCamflowError } from '@camflow/api';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { RelaySet, type RelaySetOptions } from './relay-set.ts';

let folder = '';
let set: RelaySet | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'camflow-relay-'));
});
afterEach(() => {
  set?.close();
  rmSync(folder, { recursive: true });
});

const log = { debug() {}, info() {}, warn() {}, error() {} };
const slab = new Uint8Array(new SharedArrayBuffer(4280 * 4));

function openSet(options: Partial<RelaySetOptions> = {}): RelaySet {
  set = new RelaySet({ folder, shortFilesPerRound: 64, rescanMs: 0, log, ...options });
  set.open();
  return set;
}

const append = (name: string, bytes: Uint8Array) => appendFileSync(join(folder, name), bytes);
const short = (fill: number) => Buffer.alloc(256, fill);
const long = (fill: number) => Buffer.alloc(4280, fill);

/** One round: for each read the stream, the place, and the first byte of each record. */
function round(relays: RelaySet): { reads: string[]; hadRecords: boolean; moreWaiting: boolean } {
  const reads: string[] = [];
  for (;;) {
    const step = relays.next(slab);
    if (step.kind === 'roundEnd')
      return { reads, hadRecords: step.hadRecords, moreWaiting: step.moreWaiting };
    const size = step.stream.kind === 'long' ? 4280 : 256;
    expect(step.position).toBe(step.firstSequence * size);
    const fills = Array.from({ length: step.byteLength / size }, (_, i) => slab[i * size]);
    reads.push(`${step.stream.kind}${step.stream.cpu}@${step.firstSequence}: ${fills.join(' ')}`);
  }
}

describe('a round', () => {
  test('reads short files once, then long ones until they are empty', () => {
    for (let i = 0; i < 6; i++) append('long_provenance0', long(i));
    append('long_provenance7', long(9));
    append('provenance0', short(1));
    append('provenance7', Buffer.concat([short(2), short(3)]));
    const relays = openSet();
    expect(relays.cpus).toBe(2);
    expect(round(relays)).toEqual({
      reads: ['short0@0: 1', 'short7@0: 2 3', 'long0@0: 0 1 2 3', 'long0@4: 4 5', 'long7@0: 9'],
      hadRecords: true,
      moreWaiting: false,
    });
    expect(round(relays)).toEqual({ reads: [], hadRecords: false, moreWaiting: false });
    append('provenance0', short(4));
    expect(round(relays).reads).toEqual(['short0@1: 4']);
  });

  test('says that more waits where a short file filled the memory', () => {
    append('provenance0', Buffer.alloc(256 * 100));
    const relays = openSet();
    expect(round(relays).moreWaiting).toBe(true);
    expect(round(relays)).toMatchObject({ hadRecords: true, moreWaiting: false });
  });

  test('takes its turn of the short files where there are many', () => {
    for (let cpu = 0; cpu < 5; cpu++) append(`provenance${cpu}`, short(cpu));
    const relays = openSet({ shortFilesPerRound: 2 });
    expect(round(relays)).toMatchObject({ reads: ['short0@0: 0', 'short1@0: 1'], moreWaiting: true });
    expect(round(relays)).toMatchObject({ reads: ['short2@0: 2', 'short3@0: 3'], moreWaiting: true });
    expect(round(relays)).toMatchObject({ reads: ['short4@0: 4'], moreWaiting: false });
  });

  test('carries the start of a record over to the next read', () => {
    append('provenance0', Buffer.concat([short(1), short(2).subarray(0, 100)]));
    append('long_provenance0', long(7).subarray(0, 4279));
    const relays = openSet();
    expect(round(relays).reads).toEqual(['short0@0: 1']);
    expect(relays.partialRecords).toBe(2);
    append('provenance0', short(2).subarray(0, 1));
    expect(round(relays).reads).toEqual([]);
    append('provenance0', Buffer.concat([short(2).subarray(101), short(3)]));
    append('long_provenance0', long(7).subarray(4279));
    expect(round(relays).reads).toEqual(['short0@1: 2 3', 'long0@0: 7']);
    expect(relays.partialRecords).toBe(0);
  });
});

describe('CPUs', () => {
  test('come, with any number', () => {
    append('provenance0', short(1));
    const relays = openSet();
    round(relays);
    append('provenance4095', short(2));
    append('long_provenance4095', long(3));
    expect(round(relays).reads).toEqual(['short4095@0: 2', 'long4095@0: 3']);
    expect(relays.cpus).toBe(2);
  });

  test('go: their files are read to the end, and when they come back the stream goes on', () => {
    append('provenance0', Buffer.alloc(256 * 80, 5));
    append('provenance1', Buffer.concat([short(1), short(2).subarray(0, 9)]));
    const relays = openSet();
    round(relays);
    rmSync(join(folder, 'provenance0'));
    rmSync(join(folder, 'provenance1'));
    expect(round(relays).reads).toEqual([`short0@66: ${Array(14).fill(5).join(' ')}`]);
    expect(relays.cpus).toBe(0);
    expect(relays.takeCutOff()).toBe(1);
    expect(relays.takeCutOff()).toBe(0);
    append('provenance0', short(6));
    expect(round(relays).reads).toEqual(['short0@80: 6']);
  });

  test('whose file cannot be opened do not stop the others', () => {
    append('provenance0', short(1));
    const relays = openSet();
    symlinkSync('/dev/zero', join(folder, 'provenance1'));
    append('provenance2', short(2));
    expect(round(relays).reads).toEqual(['short0@0: 1', 'short2@0: 2']);
  });

  test('only names of relay files count', () => {
    for (const name of ['provenance', 'provenance01', 'xprovenance1', 'provenance1.bak', 'provenance-1']) {
      append(name, short(1));
    }
    append('provenance10', short(2));
    expect(round(openSet()).reads).toEqual(['short10@0: 2']);
  });
});

describe('opening fails clearly', () => {
  test.each([
    ['a folder without relay files', 'empty', 'holds no relay files'],
    ['a folder that is not there', 'missing', 'Cannot open the relay files in'],
  ])('%s', (_, name, message) => {
    mkdirSync(join(folder, 'empty'));
    try {
      openSet({ folder: join(folder, name) });
      expect.unreachable();
    } catch (error) {
      if (!isCamflowError(error)) throw error;
      expect(error.code).toBe('SOURCE_UNAVAILABLE');
      expect(error.message).toContain(message);
      expect(error.hint).not.toBe(undefined);
    }
  });

  test('a relay file that is a folder', () => {
    append('provenance0', short(1));
    mkdirSync(join(folder, 'provenance1'));
    const relays = openSet();
    expect(() => round(relays)).toThrow(/Cannot read the relay file/);
  });
});

test('memory that is too small for a long record is refused, not read into for ever', () => {
  append('provenance0', short(1));
  const relays = openSet();
  expect(() => relays.next(new Uint8Array(4279))).toThrow(/do not hold a long record/);
});

test('with a writer at work, a round has the names that its short records need, and nothing is lost', async () => {
  // Like the kernel, the writer finishes a long record before it begins the short one that refers to it; the
  // bytes of each come in pieces.
  const program = `
    import { openSync, writeSync } from 'node:fs';
    const files = [0, 1].map((cpu) => ({
      short: openSync('provenance' + cpu, 'a'), long: openSync('long_provenance' + cpu, 'a') }));
    const write = (fd, bytes) => { for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at, Math.min(bytes.length - at, 1 + (at * 7 + 99) % 2000)); };
    for (let n = 1; n <= 3000; n++) {
      const long = Buffer.alloc(4280); long.writeUInt32LE(n);
      const short = Buffer.alloc(256); short.writeUInt32LE(n);
      write(files[n % 3 % 2].long, long);
      write(files[n % 2].short, short);
    }
  `;
  for (const name of ['provenance0', 'provenance1', 'long_provenance0', 'long_provenance1'])
    append(name, short(0).subarray(0, 0));
  writeFileSync(join(folder, 'writer.mjs'), program);
  const relays = openSet();
  const writer: ChildProcess = spawn(process.execPath, ['writer.mjs'], { cwd: folder, stdio: 'inherit' });
  let ended = false;
  const exit = once(writer, 'exit').then(() => {
    ended = true;
  });
  const names = new Set<number>();
  const needed: number[] = [];
  let rounds = 0;
  for (;;) {
    const endedBefore = ended;
    const step = relays.next(slab);
    if (step.kind === 'records') {
      const size = step.stream.kind === 'long' ? 4280 : 256;
      const view = new DataView(slab.buffer, 0, step.byteLength);
      for (let at = 0; at < step.byteLength; at += size) {
        if (size === 4280) names.add(view.getUint32(at, true));
        else needed.push(view.getUint32(at, true));
      }
    } else {
      for (const name of needed) expect(names.has(name), `name ${name}`).toBe(true);
      rounds += step.hadRecords ? 1 : 0;
      if (endedBefore && !step.hadRecords) break;
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  await exit;
  expect(writer.exitCode).toBe(0);
  expect(names.size).toBe(3000);
  expect(needed.length).toBe(3000);
  expect(rounds).toBeGreaterThan(10);
});
