import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { type SaidAbout, saidBy } from './said-by.ts';
import { originsOf, type SpadeEntry, spadeEntries } from './spade-entries.ts';

const reason = whyNoCapture('6.1', 'long');
const note = reason === undefined ? '' : ` (skipped: ${reason})`;
const run = test.skipIf(reason !== undefined);

describe('camflow record on a stock kernel', () => {
  let result: CapturedResult;
  let said: SaidAbout;
  const entriesOf = (file: string): SpadeEntry[] => spadeEntries(result.files.get(`/root/work/${file}`)!);
  beforeAll(async () => {
    if (reason !== undefined) return;
    result = await runInGuest({
      command: ['bash', '/camflow/tests/fixtures/guest/record.sh'],
      kernel: '6.1',
      fetch: ['pipeline', 'near', 'far', 'after', 'again', 'first'].map((name) => `/root/work/${name}.jsonl`),
      timeoutMs: 1_790_000,
    });
    said = saidBy(result);
  }, 1_800_000);

  run(`a copy leads back to its source through the pipeline that made it${note}`, () => {
    const entries = entriesOf('pipeline.jsonl');
    const origins = originsOf(entries, 'file', '/root/work/copy');
    const programs = ['cat', 'tr', 'cp'].map((program) => `process_memory /usr/bin/${program}`);
    const words = ['cat', 'in', 'tr', 'a', 'b', 'cp', 'out', 'copy'].map((word) => `argv ${word}`);
    for (const origin of ['file /root/work/in', 'file /root/work/out', 'pipe', ...programs, ...words]) {
      expect(origins).toContain(origin);
    }
    expect(origins).not.toContain('process_memory /usr/bin/rm');
    expect(origins).not.toContain('unknown');
  });

  run(`nothing of the recorder is recorded, nor its child before it is the command${note}`, () => {
    const names = entriesOf('pipeline.jsonl').map(({ annotations }) => annotations?.['cf:name'] ?? '');
    expect(names).toContain('/usr/bin/dash');
    expect(names.filter((name) => name.endsWith('/node'))).toEqual([]);
  });

  run(`with everything recorded, the recorder, its threads and its own file are not${note}`, () => {
    expect(said('shadow status')).toEqual(['0']);
    // Its number is free for a process that is recorded.
    expect(said('shadow process')).toEqual(['0']);
    const [found, threads] = said('shadow threads')[0]!.split(' ').map(Number);
    expect(found).toBe(0);
    expect(threads).toBeGreaterThan(5);
    const [output, seen] = said('shadow output')[0]!.split(' ').map(Number);
    expect(output).toBe(0);
    expect(seen).toBeGreaterThan(0);
  });

  run(`the recording and the output of the command are kept apart, and a reader may go${note}`, () => {
    expect(said('output')).toEqual(['3 {"type": 0; command\'s from the command banana ']);
  });

  run(`a full disk ends in order, and is told${note}`, () => {
    const [status, told, bytes] = said('full')[0]!.split(' ').map(Number);
    expect([status, told]).toEqual([1, 1]);
    expect(bytes).toBeLessThanOrEqual(65_536);
  });

  run(`arguments can be cut, and the environment left out${note}`, () => {
    expect(said('limited')).toEqual(['0 1']);
  });

  run(`what its data reaches is recorded where that is asked for, and not else${note}`, () => {
    const [near, far] = ['near.jsonl', 'far.jsonl'].map((file) =>
      originsOf(entriesOf(file), 'file', '/root/work/further'),
    );
    // The command itself looks whether the file is there.
    expect(near).not.toContain('file /root/work/in');
    expect(far).toContain('file /root/work/in');
    expect(far).toContain('file /root/work/reached');
  });

  run(`what outlives a recording is not recorded by the next one${note}`, () => {
    expect(originsOf(entriesOf('after.jsonl'), 'file', '/root/work/late')).not.toContain(
      'process_memory /usr/bin/cat',
    );
    expect(originsOf(entriesOf('again.jsonl'), 'file', '/root/work/further')).not.toContain(
      'file /root/work/in',
    );
    // What was said before stays.
    expect(said('kept')).toEqual(['tracked']);
  });

  run(`names of any length are whole or marked, and no two are taken for one${note}`, () => {
    expect(said('names')).toEqual([
      expect.stringMatching(/^deep [1-9]/),
      expect.stringMatching(/^long [1-9]\d* 0$/),
      expect.stringMatching(/^same [1-9]\d* [1-9]\d*$/),
      expect.stringMatching(/^bytes well read [1-9]/),
    ]);
  });

  run(`a process that nobody records is not missed${note}`, () => {
    expect(said('strangers').length).toBeGreaterThan(3);
    expect(said('strangers').join('\n')).not.toMatch(/no room|objects/);
  });

  run(`a full table of processes is told, and the command runs as ever${note}`, () => {
    const crowded = said('crowded');
    expect(crowded.join('\n')).toContain('banana');
    expect(crowded.join('\n')).toMatch(/the kernel has no room for the state of more objects.*times=[1-9]/);
    expect(crowded.at(-1)).toMatch(/state/);
  });

  run(`a second one that is refused takes nothing from the first${note}`, () => {
    expect(said('refused')).toEqual([expect.stringMatching(/Another recorder is running/), '0']);
    expect(originsOf(entriesOf('first.jsonl'), 'file', '/root/work/from-first')).toContain(
      'file /root/work/in',
    );
  });

  run(`--set has it written elsewhere, and leaves alone what would be written to else${note}`, () => {
    expect(said('elsewhere')[0]).toMatch(/^0 an earlier recording [1-9]/);
  });

  run(`a second recorder is refused, by name${note}`, () => {
    expect(said('second')[0]).toMatch(/Another recorder is running \(process \d+\)\. Stop it first/);
  });

  run(`the doctor tells what is loaded, and that a clean stop turned capture off${note}`, () => {
    const doctor = said('doctor').join('\n');
    expect(doctor).toContain('bpf is among the active security modules');
    expect(doctor).toMatch(
      /They are loaded \([0-9a-f]{16}, of this version\); capture is on; the recorder is process \d+\./,
    );
    expect(doctor).toContain('2 rings of 8.0 MiB, one for each CPU.');
    expect(doctor).toMatch(/Since they were loaded: [\d,]+ records, [1-9]\d* with a text cut\.\nLost: /);
    expect(said('after').join('\n')).toMatch(/of this version\); capture is off; no recorder runs\./);
  });
});
