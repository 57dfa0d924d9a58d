import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { originsOf, type SpadeEntry, spadeEntries } from '../system/spade-entries.ts';

const names = ['files', 'whole', 'other'] as const;
type Recorder = (typeof names)[number];
const logOf = (name: string): string => `/data/${name}.log`;

describe.for([
  ['6.1', 'minutes'],
  ['6.12', 'long'],
] as const)('recorders on channels of their own, on %s', ([kernel, takes]) => {
  const reason = whyNoCapture(kernel, takes);
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let result: CapturedResult;
  let lines: string[];
  let logs: Record<Recorder, SpadeEntry[]>;
  /** What the job said about something, one line after the other. */
  const said = (about: string): string[] =>
    lines.flatMap((line) => (line.startsWith(`${about} `) ? [line.slice(about.length + 1)] : []));
  const namesIn = (entries: readonly SpadeEntry[]): string[] =>
    entries.flatMap(({ annotations }) => annotations?.['cf:name'] ?? annotations?.['pathname'] ?? []);

  beforeAll(async () => {
    if (reason !== undefined) return;
    const extra = ['/data/mine.jsonl', ...names.map((name) => `/data/${name}.threads`)];
    result = await runInGuest({
      command: ['bash', '/camflow/tests/fixtures/guest/channels.sh'],
      kernel,
      bpfLsm: true,
      cpus: 2,
      memoryMib: 2048,
      fetch: [...names.map(logOf), ...extra],
      timeoutMs: 890_000,
    });
    lines = result.stdout.toString().split('\n');
    logs = Object.fromEntries(
      names.map((name) => [name, spadeEntries(result.files.get(logOf(name))!)]),
    ) as typeof logs;
  }, 900_000);

  run(`have a policy of their own, by camconfd and by camflow${note}`, () => {
    expect(said('configured')).toEqual([
      '0 4 changes: Nothing to change: the kernel does what the file says.',
    ]);
    expect(said('rules')).toEqual(['main 0', 'files 1', 'other nobody track']);
    expect(said('file')).toEqual(['main 0', 'files 1']);
    expect(said('hashes')).toEqual(['3']);
  });

  run(`record what theirs says, with a balance of their own${note}`, () => {
    for (const name of ['whole', 'other'] as const) {
      expect(originsOf(logs[name], 'file', '/data/unrelated')).toContain('file /data/begun');
      expect(originsOf(logs[name], 'file', '/data/out')).toContain('file /data/in');
    }
    const origins = originsOf(logs.files, 'file', '/data/out');
    expect(origins).toContain('file /data/in');
    expect(origins).toContain('process_memory /usr/bin/cat');
    const inFiles = namesIn(logs.files);
    expect(inFiles).toContain('/tmp/of-daemon');
    expect(inFiles).not.toContain('/data/unrelated');
    for (const line of said('ended')) {
      expect(line).toMatch(
        /^(files|whole|other) 0 [\d,]+ produced = [\d,]+ delivered \+ 0 filtered \+ 0 dropped$/,
      );
    }
    expect(said('ended')).toHaveLength(3);
    expect(said('drops')).toEqual(['1']);
  });

  run(`leave each other out of what they record, what they write too${note}`, () => {
    for (const name of names) {
      const seen = namesIn(logs[name]);
      for (const other of names) expect(seen, `${other} in ${name}`).not.toContain(logOf(other));
      const pids = new Set(
        names.flatMap((each) => result.files.get(`/data/${each}.threads`)!.toString().trim().split(' ')),
      );
      expect(pids.size).toBeGreaterThan(15);
      // One that starts while everything is recorded does so on the record, up to where it is known as a recorder.
      const later = logs[name].slice(
        logs[name].findIndex((entry) => namesIn([entry]).includes('/data/begun')),
      );
      expect(later.filter(({ annotations }) => pids.has(annotations?.['pid'] ?? ''))).toEqual([]);
    }
  });

  run(`call nothing by the same identifier but the machine${note}`, () => {
    const nodesOf = (name: Recorder): Map<string, string> =>
      new Map(
        logs[name].flatMap(({ id, annotations }) =>
          id === undefined ? [] : [[id, annotations['object_type'] ?? ''] as const],
        ),
      );
    for (const [one, another] of [
      ['files', 'whole'],
      ['files', 'other'],
      ['whole', 'other'],
    ] as const) {
      const others = nodesOf(another);
      const shared = [...nodesOf(one)].filter(([id]) => others.has(id)).map(([, type]) => type);
      expect(new Set(shared), `${one} and ${another}`).toEqual(new Set(['machine']));
    }
  });

  run(`a program tells the one whose socket it writes to${note}`, () => {
    expect(said('disclosed')).toEqual(['0']);
    const tellsOf = (name: Recorder): boolean => JSON.stringify(logs[name]).includes('told to one');
    expect(names.filter(tellsOf)).toEqual(['files']);
  });

  run(`camflow record has one beside others, which it does not disturb${note}`, () => {
    expect(said('beside')).toEqual(['0']);
    const mine = spadeEntries(result.files.get('/data/mine.jsonl')!);
    expect(namesIn(mine)).toContain('/data/in');
    expect(said('second')).toEqual([
      expect.stringMatching(
        /^camflow: Another recorder is running on channel files \(process \d+\)\. .*--channel NAME/,
      ),
    ]);
  });

  run(`are listed, cannot be unloaded while they record, and leave nothing behind${note}`, () => {
    expect(said('doctor')).toEqual([
      expect.stringMatching(/^files is loaded .* capture is on; the recorder is process \d+\.$/),
      expect.stringMatching(/^other is loaded .* capture is off; no recorder runs\.$/),
    ]);
    expect(said('busy')).toEqual([
      expect.stringMatching(/^camflow: Another recorder is running on channel files \(process \d+\)\./),
    ]);
    expect(said('unloaded')).toEqual([
      'The BPF programs are removed.',
      ...['files', 'other'].map((name) => `Channel ${name} is removed.`),
    ]);
    expect(said('left')).toEqual(['0']);
  });

  run(`any user may read the state of one, and touch nothing of it${note}`, () => {
    expect(said('stranger')).toEqual(['0 - capture enabled;', 'False', 'False']);
  });
});
