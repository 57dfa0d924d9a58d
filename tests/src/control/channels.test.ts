import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/why-no-capture.ts';
import { type SaidAbout, saidBy } from '../system/said-by.ts';
import { originsOf, type SpadeEntry, spadeEntries } from '../system/spade-entries.ts';

const recorders = ['files', 'other', 'whole'] as const;
type Recorder = (typeof recorders)[number];
const logOf = (name: string): string => `/data/${name}.log`;
const threadsOf = (name: string): string => `/data/${name}.threads`;

describe.for([
  ['6.1', 'minutes'],
  ['6.12', 'long'],
] as const)('recorders on channels of their own, on %s', ([kernel, takes]) => {
  const reason = whyNoCapture(kernel, takes);
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let result: CapturedResult;
  let output: string;
  let logs: Record<Recorder, SpadeEntry[]>;
  let said: SaidAbout;
  /** What camflow answered to a command line, with its status. */
  const answer = (line: string): { readonly text: string; readonly status: string } => {
    const [, rest = ''] = output.split(`> camflow ${line}\n`);
    const [, text = '', status = ''] = /^([\s\S]*?)status (\d+)$/m.exec(rest) ?? [];
    return { text, status };
  };
  const namesIn = (entries: readonly SpadeEntry[]): string[] =>
    entries.flatMap(({ annotations }) => annotations?.['cf:name'] ?? annotations?.['pathname'] ?? []);

  beforeAll(async () => {
    if (reason !== undefined) return;
    result = await runInGuest({
      command: ['bash', '/camflow/tests/fixtures/guest/channels.sh'],
      kernel,
      bpfLsm: true,
      cpus: 2,
      fetch: ['/data/mine.jsonl', ...recorders.flatMap((name) => [logOf(name), threadsOf(name)])],
      timeoutMs: 890_000,
    });
    output = result.stdout.toString();
    said = saidBy(result);
    const read = (name: Recorder): SpadeEntry[] =>
      spadeEntries(result.files.get(logOf(name)) ?? Buffer.alloc(0));
    logs = { files: read('files'), other: read('other'), whole: read('whole') };
  }, 900_000);

  run(`have a policy of their own, by camconfd and by camflow${note}`, () => {
    expect(said('configured')).toEqual([
      '0 3 changes: Nothing to change: the kernel does what the file says.',
    ]);
    expect(answer('--channel other')).toEqual({ text: '', status: '0' });
    expect(answer('--channel other --track-user nobody track')).toEqual({ text: '', status: '0' });
    const usersOf = (line: string): string[] => answer(line).text.match(/^(daemon|nobody) track$/gm) ?? [];
    expect(usersOf('-s')).toEqual([]);
    expect(usersOf('--channel files -s')).toEqual(['daemon track']);
    expect(usersOf('--channel other -s')).toEqual(['nobody track']);
    const hashes = ['-p', '--channel files -p', '--channel other -p'].map((line) => answer(line).text);
    for (const hash of hashes) expect(hash).toMatch(/^[0-9A-F]{64}$/m);
    expect(new Set(hashes).size).toBe(3);
    expect(answer('--file /usr/bin/rev').text).toMatch(/^File is not tracked\.$/m);
    expect(answer('--channel files --file /usr/bin/rev').text).toMatch(/^File is tracked\.$/m);
  });

  run(`one that is not there is not made by mentioning it${note}`, () => {
    for (const line of ['--channel none -s', '--channel none --track-file /data/in true']) {
      expect(answer(line)).toMatchObject({
        text: expect.stringMatching(/^camflow: There is no channel none\. /),
        status: '4',
      });
    }
  });

  run(`record what theirs says, with a balance of their own${note}`, () => {
    for (const name of ['whole', 'other'] as const) {
      expect(originsOf(logs[name], 'file', `/data/unrelated-${name}`)).toContain(`file /data/begun-${name}`);
      expect(originsOf(logs[name], 'file', `/data/out-${name}`)).toContain('file /data/in');
      const origins = originsOf(logs.files, 'file', `/data/out-${name}`);
      expect(origins).toContain('file /data/in');
      expect(origins).toContain('process_memory /usr/bin/rev');
      expect(namesIn(logs.files)).not.toContain(`/data/unrelated-${name}`);
    }
    expect(namesIn(logs.files)).toContain('/tmp/of-daemon');
    expect(said('ended').map((line) => line.split(' ').slice(0, 2))).toEqual([
      ['other', '0'],
      ['whole', '0'],
      ['files', '0'],
    ]);
    for (const line of said('ended')) {
      expect(line).toMatch(/ [\d,]+ produced = [\d,]+ delivered \+ 0 filtered \+ 0 dropped$/);
    }
    expect(answer('--channel files --drop').text).toMatch(/dropped:\s+0$/m);
  });

  run(`leave each other out of what they record, what they write too${note}`, () => {
    const threads = recorders.flatMap((name) =>
      result.files.get(threadsOf(name))!.toString().trim().split(' '),
    );
    expect(threads.length).toBeGreaterThan(15);
    for (const name of recorders) {
      const seen = namesIn(logs[name]);
      expect(seen.length).toBeGreaterThan(5);
      for (const other of recorders) expect(seen, `${other} in ${name}`).not.toContain(logOf(other));
      const ofRecorders = logs[name].filter(({ annotations }) =>
        threads.includes(annotations?.['pid'] ?? ''),
      );
      expect(ofRecorders, name).toEqual([]);
    }
  });

  run(`call nothing by the same identifier but what is the same: the machine, and names${note}`, () => {
    const nodesOf = (name: Recorder): Map<string, string> =>
      new Map(
        logs[name].flatMap(({ id, annotations }) =>
          id === undefined
            ? []
            : [[id, `${annotations['object_type']} ${annotations['pathname'] ?? ''}`] as const],
        ),
      );
    for (const [one, another] of [
      ['files', 'whole'],
      ['files', 'other'],
      ['whole', 'other'],
    ] as const) {
      const others = nodesOf(another);
      const shared = [...nodesOf(one)].filter(([id]) => others.has(id));
      const different = shared.filter(
        ([id, what]) => others.get(id) !== what || !/^(machine |path .)/.test(what),
      );
      expect(different, `${one} and ${another}`).toEqual([]);
      expect(shared.length).toBeGreaterThan(1);
    }
  });

  run(`a program tells the one whose socket it writes to${note}`, () => {
    expect(said('disclosed')).toEqual(['0']);
    const isTold = (name: Recorder): boolean => JSON.stringify(logs[name]).includes('told to one');
    expect(recorders.filter(isTold)).toEqual(['files']);
  });

  run(`camflow record has one beside others, but not the same${note}`, () => {
    expect(said('beside')).toEqual(['0']);
    expect(namesIn(spadeEntries(result.files.get('/data/mine.jsonl')!))).toContain('/data/in');
    const refusal = /^camflow: Another recorder is running on channel files \(process \d+\)\. /m;
    expect(answer('record --channel files -- true').text).toMatch(refusal);
    expect(answer('unload --channel files').text).toMatch(refusal);
  });

  run(`are listed, and leave nothing behind${note}`, () => {
    expect(answer('doctor').text.match(/^(They are|Channel .*) loaded .*$/gm)).toEqual([
      expect.stringMatching(/^They are .* capture is off; no recorder runs\.$/),
      expect.stringMatching(/^Channel files is .* capture is on; the recorder is process \d+\.$/),
      expect.stringMatching(/^Channel other is .* capture is off; no recorder runs\.$/),
    ]);
    expect(answer('unload --all').text.trimEnd().split('\n')).toEqual([
      'The BPF programs are removed.',
      'Channel files is removed.',
      'Channel other is removed.',
    ]);
    expect(said('left')).toEqual(['0']);
  });

  run(`any user may read the state of one, and touch nothing of it${note}`, () => {
    expect(said('stranger')).toEqual(['0  True', 'False', 'False']);
  });
});
