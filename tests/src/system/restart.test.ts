import { type CapturedResult, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { wholeCapture, whyNoCapture } from '../capture/why-no-capture.ts';

const output = '/root/work/sequences';
/** Units with their names, as a reader that acknowledges them had them. */
const named = '/root/work/named';
/** What recorders themselves have to say, and no CPU. */
const recorderStream = '65535';

/** The numbers in the output, each once, by CPU; and how many lines there were. */
function numbersIn(text: string): { byCpu: Map<string, Set<number>>; lines: number; odd: string[] } {
  const byCpu = new Map<string, Set<number>>();
  const odd: string[] = [];
  const lines = text.split('\n').filter((line) => line !== '');
  for (const line of lines) {
    const [, cpu, number] = /^(\d+) (\d+)\.$/.exec(line) ?? [];
    if (cpu === undefined) odd.push(line);
    else if (cpu === recorderStream) continue;
    else byCpu.set(cpu, (byCpu.get(cpu) ?? new Set()).add(Number(number)));
  }
  return { byCpu, lines: lines.length, odd };
}

/** Kills while the rings take the load, kills while they do not, and how many seconds nobody reads then. */
const whole = { gentle: 5, flooded: 5, away: 1 };
/** For every change: it floods seldom, hence longer, so that the rings are full for sure. */
const reduced = { gentle: 1, flooded: 2, away: 4 };

const machines = [
  { kernel: '6.1', takes: 'minutes', kills: wholeCapture ? whole : reduced },
  { kernel: '6.12', takes: 'long', kills: whole },
] as const;

describe.for(machines)('a recorder on $kernel that is killed under load', ({ kernel, takes, kills }) => {
  const reason = whyNoCapture(kernel, takes);
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let result: CapturedResult;
  let said: string;
  /** A number that a line of the job holds. */
  const told = (line: string, pattern: RegExp): number => {
    const found = said.split('\n').find((each) => each.startsWith(`${line} `)) ?? '';
    return Number((pattern.exec(found)?.[1] ?? '0').replaceAll(',', ''));
  };
  beforeAll(async () => {
    if (reason !== undefined) return;
    const { gentle, flooded, away } = kills;
    const script = '/camflow/tests/fixtures/guest/restart.sh';
    const command = ['bash', script, ...[gentle, flooded, away].map(String)];
    result = await runInGuest({ command, kernel, fetch: [output, named], timeoutMs: 1_790_000 });
    said = result.stdout.toString();
  }, 1_800_000);

  run(`ends in order${note}`, () => {
    expect(said).toContain('stopped 0\n');
    expect(said).not.toContain('failed');
    expect(said).toMatch(
      /doctor They are loaded \([0-9a-f]{16}, of this version\); capture is off; no recorder runs\./,
    );
  });

  run(`lost nothing while the rings had room${note}`, () => {
    expect(said).toContain('gentle nothing.\n');
  });

  run(`leaves each record in the output or in the counted gap${note}`, () => {
    const { byCpu, lines, odd } = numbersIn(result.files.get(output)!.toString());
    const recorded = [...byCpu.values()].reduce((sum, numbers) => sum + numbers.size, 0);
    const taken = told('doctor Since', /([\d,]+) record/);
    const lost = told('after', /ring_full ([\d,]+)/);
    console.log(`${taken} taken = ${recorded} recorded + ${lost} lost; ${lines - recorded} delivered again`);
    expect(recorded + lost).toBe(taken);
    expect(lost).toBeGreaterThan(0);
    expect(recorded).toBeGreaterThan(2_000);
    // What a kill tore in the middle of a line came again whole.
    expect(odd.length).toBeLessThanOrEqual(kills.gentle + kills.flooded);
  });

  run(`names each record, and no other, by one name over all kills${note}`, () => {
    const lines = result.files
      .get(named)!
      .toString()
      .split('\n')
      .filter((line) => line !== '');
    const pairs = lines.map((line) => line.split('\t') as [name: string, sequence: string]);
    const ofRecords = pairs.filter(([, sequence]) => !sequence.startsWith(`${recorderStream} `));
    const sequenceOf = new Map(ofRecords);
    console.log(`${ofRecords.length - sequenceOf.size} of ${ofRecords.length} units came again`);
    // Who drops repeats by their names has each record once.
    for (const [name, sequence] of ofRecords) expect(sequenceOf.get(name)).toBe(sequence);
    expect(new Set(sequenceOf.values()).size).toBe(sequenceOf.size);
    expect(sequenceOf.size).toBeGreaterThan(1_000);
    for (const name of sequenceOf.keys()) expect(name).toMatch(/^bpf-[0-9a-f]{8}-\d+\/mixed\d+\/\d+$/);
  });

  run(`accounts for each loss once, also for those while it was away${note}`, () => {
    const [lost, accounted] = [told('after', /ring_full ([\d,]+)/), told('after', /of which ([\d,]+)/)];
    expect(accounted).toBe(lost);
    // The last recorder said exactly what the ones before had not accounted for.
    const before = told('before', /of which ([\d,]+)/);
    expect(told('last', /lost_at_source="?ring_full ([\d,]+)/)).toBe(lost - before);
    expect(said).toMatch(/complaint .*records found no room while no recorder read the rings/);
  });
});
