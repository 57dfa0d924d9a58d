import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { createStory } from '@camflow/testkit';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runProgram, startProgram } from '../system/programs.ts';
import { account, linesOf } from './accounting.ts';
import { RelayPipes } from './relay-pipes.ts';
import { scaled, until } from './scale.ts';

const kills = scaled(50, 6);
/** More than a pipe has room for. */
const pipeRecords = 256 + 16;

let root: string;
let streams: Buffer[];
/** The lines of each stream, in order, without the date, which is that of the reading. */
let expected: string[][];
beforeAll(async () => {
  root = mkdtempSync(path.join(tmpdir(), 'camflow-relay-kill-'));
  streams = [];
  for (const { stream, bytes } of createStory({ records: scaled(400_000, 80_000), seed: 3 }).chunks())
    if (stream.kind === 'short')
      streams[stream.cpu] = Buffer.concat([streams[stream.cpu] ?? Buffer.alloc(0), bytes]);
  const folder = path.join(root, 'expected');
  mkdirSync(folder);
  for (const [cpu, bytes] of streams.entries())
    writeFileSync(path.join(folder, `short.cpu${cpu}.bin`), bytes);
  const output = path.join(root, 'expected.spade');
  expect(
    (await runProgram('camflow', ['replay', folder, '-q', '-f', 'spade_json', '-o', output])).status,
  ).toBe(0);
  const lines = linesOf(output).map(withoutDate);
  let at = 0;
  expected = streams.map(({ length }) => {
    at += length / 256;
    return lines.slice(at - length / 256, at);
  });
  expect(at).toBe(lines.length);
}, 120_000);
afterAll(() => rmSync(root, { recursive: true, force: true }));

const withoutDate = (line: string): string => line.replace(/"cf:date":"[^"]*",/, '');

/** A recorder that was killed. */
interface Kill {
  readonly startedAtMs: number;
  readonly atMs: number;
  /** Whether it had said that it records. */
  readonly recorded: boolean;
  /** Lines in its log then. */
  readonly lines: number;
}

interface UncleanStop {
  readonly id: string;
  readonly fromMs: number;
  readonly untilMs: number;
  readonly count: string;
}

/** The gaps of a log, each once; what is told again is the same. */
function uncleanStopsOf(lines: readonly string[]): UncleanStop[] {
  const stops = new Map<string, UncleanStop>();
  for (const line of lines) {
    const { id, annotations } = JSON.parse(line) as { id: string; annotations: Record<string, string> };
    expect(annotations).toMatchObject({ object_type: 'gap', cause: 'unclean_stop' });
    const { from, until: to, count } = annotations as Record<'from' | 'until' | 'count', string>;
    const stop = { id, fromMs: Date.parse(from), untilMs: Date.parse(to), count };
    if (stops.has(id)) expect(stop).toEqual(stops.get(id));
    stops.set(id, stop);
  }
  return [...stops.values()];
}

/** Records that never came, and the kills before what followed them came. */
function* missingRecords(lines: readonly string[], killed: readonly Kill[]) {
  const first = new Map<string, number>();
  for (const [index, line] of lines.entries()) if (!first.has(line)) first.set(line, index);
  for (const [stream, of] of expected.entries()) {
    let next = Number.POSITIVE_INFINITY;
    for (let record = of.length - 1; record >= 0; record--) {
      const line = first.get(of[record]!);
      if (line === undefined) yield { stream, record, kills: killed.filter((kill) => kill.lines <= next) };
      else next = line;
    }
  }
}

test.each([
  ['overflow', 100],
  ['always', 0],
  ['off', 0],
])(
  `killed ${kills} times while it reads relay files (spool=%s, spool_delay_ms=%i), the recorder tells each time what is missing`,
  { timeout: 900_000 },
  async (mode, delayMs) => {
    const own = path.join(root, `${mode}-${delayMs}`);
    mkdirSync(own);
    const log = path.join(own, 'log');
    const pipes = new RelayPipes(path.join(own, 'relay'), streams);
    const settings = [
      `general.spool_dir=${path.join(own, 'spool')}`,
      'general.source=kernel',
      'general.workers=2',
      'kernel.backend=relay',
      `kernel.relay_dir=${path.join(own, 'relay')}`,
      `kernel.securityfs_dir=${path.join(own, 'none')}`,
      'kernel.poll_ms=1',
      'general.format=spade_json',
      'general.output=log',
      `log.path=${log}`,
      `log.spool=${mode}`,
      `log.spool_delay_ms=${delayMs}`,
    ].flatMap((setting) => ['--set', setting]);
    const sizeOf = (): number => (existsSync(log) ? statSync(log).size : 0);
    const feeding = pipes.feed();
    const killed: Kill[] = [];
    try {
      while (killed.length < kills) {
        const before = sizeOf();
        const startedAtMs = Date.now();
        const daemon = startProgram('camflowd', settings);
        // Some die while they start, most while they record, with and without time to tell of the one before.
        if (killed.length % 5 === 4) await sleep(Math.random() * 800);
        else {
          await until(() => sizeOf() > before);
          await sleep(Math.random() * (killed.length % 2 === 0 ? 20 : 400));
        }
        const recorded = /msg="recording"/.test(daemon.stderr());
        daemon.process.kill('SIGKILL');
        const atMs = Date.now();
        await daemon.ended;
        killed.push({ startedAtMs, atMs, recorded, lines: linesOf(log).length });
      }
      const last = startProgram('camflowd', settings);
      pipes.hurry();
      await feeding;
      for (let size = -1; size !== sizeOf(); await sleep(500)) size = sizeOf();
      last.process.kill('SIGTERM');
      const { status, stderr } = await last.ended;
      expect(status).toBe(0);
      expect(stderr).toMatch(
        /produced = .* delivered \+ 0 filtered \+ 0 dropped \+ gaps of unknown size \(unclean_stop 1\)/,
      );
    } finally {
      pipes.close();
      await feeding;
    }

    const lines = linesOf(log).map(withoutDate);
    const isGap = (line: string): boolean => line.includes('"gap"');
    const stops = uncleanStopsOf(lines.filter(isGap));
    const workload = { folder: '', records: expected.flat().length, streams: expected };
    const { missing, repeats } = account(
      lines.filter((line) => !isGap(line)),
      workload,
    );

    // Every kill is in one gap; that of a recorder that recorded has it for itself.
    const stopOf = (kill: Kill): UncleanStop => {
      const found = stops.filter(({ fromMs, untilMs }) => fromMs <= kill.atMs && kill.atMs <= untilMs);
      expect(found).toHaveLength(1);
      expect(found[0]!.count).toBe('unknown');
      return found[0]!;
    };
    const owners = killed
      .filter(({ recorded }) => recorded)
      .map((kill) => {
        const { id, fromMs } = stopOf(kill);
        expect(fromMs).toBeGreaterThanOrEqual(kill.startedAtMs);
        return id;
      });
    expect(new Set(owners).size).toBe(owners.length);
    expect(new Set(killed.map((kill) => stopOf(kill).id)).size).toBe(stops.length);
    expect(owners.length).toBeGreaterThanOrEqual(kills - Math.ceil(kills / 5));

    // Whatever is missing was lost at one of them, and read within the interval of its gap.
    const intervals = new Map(killed.map((kill) => [kill, stopOf(kill)]));
    let lost = 0;
    for (const { stream, record, kills: before } of missingRecords(lines, killed)) {
      const written = pipes.writtenAt(stream, record);
      // By then it was read: the pipe has no room for both.
      const readBefore = pipes.writtenAt(stream, record + pipeRecords) ?? Number.POSITIVE_INFINITY;
      const covered = before.some(
        (kill) => written! <= kill.atMs && readBefore >= intervals.get(kill)!.fromMs,
      );
      expect(covered, `record ${record} of stream ${stream}`).toBe(true);
      lost++;
    }
    expect(lost).toBe(missing);
    console.log(
      `spool=${mode}: ${owners.length} of ${kills} kills while it recorded, ${stops.length} gaps, ${missing} of ${workload.records} records in them, ${repeats} repeats`,
    );
  },
);
