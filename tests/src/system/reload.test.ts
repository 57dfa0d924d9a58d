import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStory, type StoryChunk } from '@camflow/testkit';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type RunningProgram, startProgram } from './programs.ts';

let folder: string;
let config: string;
let daemon: RunningProgram;
let feeding: NodeJS.Timeout;
let chunks: Iterator<StoryChunk>;
/** Records that were put into the relay files. */
let fed = 0;

const names = { short: 'provenance', long: 'long_provenance', mixed: '' };
const at = (name: string): string => path.join(folder, name);
const linesOf = (name: string): string[] =>
  existsSync(at(name)) ? readFileSync(at(name), 'utf8').split('\n').slice(0, -1) : [];

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'camflow-reload-'));
  config = at('camflowd.ini');
  fed = 0;
  chunks = createStory({ records: 2_000_000, seed: 23 }).chunks();
  feedEvery(10);
});
afterEach(() => {
  clearInterval(feeding);
  daemon.process.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

/** A source that goes on all the time: relay files that grow. */
function feedEvery(milliseconds: number): void {
  clearInterval(feeding);
  feeding = setInterval(() => {
    const { value } = chunks.next() as { value: StoryChunk };
    appendFileSync(at(`${names[value.stream.kind]}${value.stream.cpu}`), value.bytes);
    fed += value.records;
  }, milliseconds);
}

/** Writes the configuration. @param outputs - sections, each with its name in the first line */
function configure(outputs: Readonly<Record<string, string>>, more = ''): void {
  const sections = Object.entries(outputs).map(([name, text]) => `[${name}]\n${text}`);
  const general = `[general]\nsource=kernel\nformat=spade_json\nspool_dir=${at('spool')}\n${more}output=${Object.keys(outputs).join(',')}\n`;
  const kernel = `[kernel]\nrelay_dir=${folder}\nsecurityfs_dir=${at('none')}\n`;
  writeFileSync(config, `${general}${kernel}${sections.join('\n')}\n`);
}

async function until(condition: () => boolean): Promise<void> {
  for (const deadline = Date.now() + 60_000; !condition(); await new Promise((done) => setTimeout(done, 20)))
    if (Date.now() > deadline) throw new Error(`waited in vain:\n${daemon.stderr()}`);
}

/** Waits until something is added to files. */
async function grown(...files: string[]): Promise<void> {
  const before = files.map((name) => linesOf(name).length);
  await until(() => files.every((name, i) => linesOf(name).length > before[i]!));
}

/** Sends SIGHUP and waits for what camflowd says to it. */
async function hangUp(said: RegExp): Promise<void> {
  const from = daemon.stderr().length;
  daemon.process.kill('SIGHUP');
  await until(
    () => said.test(daemon.stderr().slice(from)) && /opened anew/.test(daemon.stderr().slice(from)),
  );
}

const start = async (): Promise<void> => {
  daemon = startProgram('camflowd', ['--config', config]);
  await daemon.said(/recording/);
};

test('outputs are exchanged, added and removed while records come, and none is lost or given twice', {
  timeout: 180_000,
}, async () => {
  const steady = `plugin=log\npath=${at('steady.log')}`;
  configure({ steady, log: `path=${at('a.log')}\nspool=off` });
  await start();
  await grown('steady.log', 'a.log');

  configure({ steady, log: `path=${at('b.log')}` });
  await hangUp(/outputs_changed=log .*outputs_added=none/);
  await grown('steady.log', 'b.log');
  const a = linesOf('a.log').length;

  configure({ steady, log: `path=${at('b.log')}`, third: `plugin=log\npath=${at('c.log')}` });
  await hangUp(/outputs_changed=none outputs_added=third/);
  await grown('steady.log', 'b.log', 'c.log');

  // A format that the workers did not have.
  const third = `plugin=log\nformat=w3c\npath=${at('d.prov')}`;
  configure({ steady, log: `path=${at('b.log')}`, third });
  await hangUp(/outputs_changed=third/);
  await grown('steady.log', 'b.log', 'd.prov');
  const c = linesOf('c.log').length;

  configure({ steady, third });
  await hangUp(/outputs_removed=log/);
  expect(daemon.stderr()).toMatch(/closed: .*output=log/);
  const b = linesOf('b.log').length;
  await grown('steady.log', 'd.prov');

  clearInterval(feeding);
  daemon.process.kill('SIGTERM');
  const { status, stderr } = await daemon.ended;
  expect(status, stderr).toBe(0);
  const count = fed.toLocaleString('en-US');
  expect(stderr).toMatch(
    new RegExp(
      `balance: ${count} produced = ${count} delivered \\+ 0 filtered \\+ 0 dropped.* output=steady`,
    ),
  );
  for (const [, produced, delivered] of stderr.matchAll(/balance: (\S+) produced = (\S+) delivered/g))
    expect(delivered).toBe(produced);
  const all = linesOf('steady.log');
  expect(all.length).toBe(fed);
  // What was exchanged has every record up to the end of it, in one place or the other, in the same order.
  expect([linesOf('a.log').length, linesOf('b.log').length, linesOf('c.log').length]).toEqual([a, b, c]);
  expect([...linesOf('a.log'), ...linesOf('b.log')]).toEqual(all.slice(0, a + b));
  const from = all.indexOf(linesOf('c.log')[0]!);
  expect(from).toBeGreaterThan(a);
  expect(linesOf('c.log')).toEqual(all.slice(from, from + c));
  for (const line of linesOf('d.prov')) JSON.parse(line);
});

test('what cannot be opened leaves everything as it was, and says so', { timeout: 120_000 }, async () => {
  const log = `path=${at('a.log')}`;
  const steady = `plugin=log\npath=${at('steady.log')}`;
  configure({ steady, log });
  await start();
  await grown('steady.log', 'a.log');

  for (const [outputs, reason] of [
    [{ steady, log: 'path=/proc/x/y/a.log' }, /cannot be opened/],
    [{ steady, log, third: 'plugin=log\npath=/proc/x/y/c.log' }, /cannot be opened/],
    // The first is exchanged when the second turns out to have no room for its folder, and is exchanged back.
    [{ steady: `plugin=log\npath=${at('other.log')}`, log: 'path=/proc/x/y/a.log' }, /cannot be opened/],
    [{ steady, log: `path=${at('a.log')}\nsync=sometimes` }, /log\.sync/],
  ] as const) {
    configure(outputs);
    await hangUp(/cannot be used; everything goes on as it was/);
    expect(daemon.stderr()).toMatch(reason);
    await grown('steady.log', 'a.log');
  }
  clearInterval(feeding);
  daemon.process.kill('SIGTERM');
  expect((await daemon.ended).status).toBe(0);
  expect(existsSync(at('other.log')) && linesOf('other.log').length > 0).toBe(false);
  expect(linesOf('steady.log').length).toBe(fed);
  expect(linesOf('a.log')).toEqual(linesOf('steady.log'));
});

test('another policy holds from then on; what needs a restart is named', { timeout: 120_000 }, async () => {
  const log = `path=${at('a.log')}`;
  configure({ log });
  await start();
  await until(() => linesOf('a.log').some((line) => line.includes('"process_memory"')));
  configure({ log }, 'policy=filter\nworkers=5\n');
  appendFileSync(config, '[filter]\nnode_filter=process_memory\n');
  await hangUp(/policy=changed/);
  expect(daemon.stderr()).toMatch(/takes effect when camflowd is started anew.*sections=general/);
  // What was on its way by then still comes.
  const leftOut = (line: string): boolean => line.includes('"object_type":"process_memory"');
  const changed = linesOf('a.log').length;
  await until(() => linesOf('a.log').length > changed + 1000 && !linesOf('a.log').slice(-1000).some(leftOut));
  const before = linesOf('a.log').length;
  await until(() => linesOf('a.log').length > before + 2000);
  expect(linesOf('a.log').slice(before).filter(leftOut)).toEqual([]);
  clearInterval(feeding);
  daemon.process.kill('SIGTERM');
  const { stderr } = await daemon.ended;
  expect(stderr).toMatch(/balance: .* \+ [1-9][\d,]* filtered \+ 0 dropped/);
});

/** The longest time in which nothing was added to a file, from a moment on. */
function watchPauses(name: string): { restart(): void; longestMs(): number } {
  let [size, since, longest] = [-1, performance.now(), 0];
  const timer = setInterval(() => {
    const now = performance.now();
    longest = Math.max(longest, now - since);
    const { size: grown } = statSync(at(name));
    if (grown !== size) [size, since] = [grown, now];
  }, 5);
  watching.push(timer);
  return {
    restart: () => {
      [since, longest] = [performance.now(), 0];
    },
    longestMs: () => longest,
  };
}
const watching: NodeJS.Timeout[] = [];
afterEach(() => {
  for (const timer of watching.splice(0)) clearInterval(timer);
});

/** What an exchange may cost the outputs that stay, in milliseconds, on a machine that does other things too. */
const longestPauseMs = 4_500;

describe('an output that has stalled', () => {
  let reader: number;
  beforeEach(() => {
    execFileSync('mkfifo', [at('pipe')]);
    // A reader that never reads: the pipe fills, and then no write to it comes to its end.
    reader = openSync(at('pipe'), constants.O_RDWR | constants.O_NONBLOCK);
  });
  afterEach(() => closeSync(reader));

  // More than the time in which nothing may happen: nobody may wait for that.
  const patient = 'drain_timeout_ms=8000\n';
  const stalled = (more: string): string => `plugin=fifo\npath=${at('pipe')}\n${more}`;
  const steady = (): string => `plugin=log\npath=${at('steady.log')}`;

  /** Whether everything that was fed is in the steady output, and the balances of all close. */
  async function endsWell(): Promise<void> {
    clearInterval(feeding);
    daemon.process.kill('SIGTERM');
    const { status, stderr } = await daemon.ended;
    expect(status, stderr).toBe(0);
    expect(stderr).not.toMatch(/does not close/);
    const lines = linesOf('steady.log').filter((line) => !line.includes('"object_type":"gap"'));
    expect(lines.length).toBe(fed);
  }

  test('and has a spool is changed and removed while the others go on', { timeout: 120_000 }, async () => {
    // Not more than memory has room for while the stalled one is waited for: then nothing is read, for no output.
    feedEvery(100);
    configure({ steady: steady(), stalled: stalled('format=spade_json') }, patient);
    await start();
    await grown('steady.log');
    const pauses = watchPauses('steady.log');
    for (const [outputs, said] of [
      [{ steady: steady(), stalled: stalled('format=w3c') }, /outputs_changed=stalled/],
      [{ steady: steady() }, /outputs_removed=stalled/],
    ] as const) {
      await grown('steady.log');
      pauses.restart();
      configure(outputs, patient);
      await hangUp(said);
      await grown('steady.log');
      expect(pauses.longestMs()).toBeLessThan(longestPauseMs);
    }
    await endsWell();
  });

  test('and has none holds the others back until it is removed, and no longer', {
    timeout: 120_000,
  }, async () => {
    configure({ steady: steady(), stalled: stalled('spool=off') }, patient);
    await start();
    const size = (): number => statSync(at('steady.log'), { throwIfNoEntry: false })?.size ?? 0;
    for (let before = -1; size() === 0 || size() !== before; await sleep(1_000)) before = size();
    const before = size();
    configure({ steady: steady() }, patient);
    const since = performance.now();
    daemon.process.kill('SIGHUP');
    await until(() => size() > before);
    expect(performance.now() - since).toBeLessThan(longestPauseMs);
    await until(() => /outputs_removed=stalled/.test(daemon.stderr()));
    await endsWell();
  });
});
