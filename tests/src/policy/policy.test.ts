import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type GuestKernel, runInGuest } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { buildWorkload, whyNoCapture } from '../capture/capture-in-guest.ts';
import { cases } from './cases.ts';
import { modeCases, shownInEveryMode } from './mode-cases.ts';
import type { ModeOutcome, PolicyOutcome, SieveRest } from './policy-case.ts';

const machines: readonly { kernel: GuestKernel; bpfLsm: boolean }[] = [
  { kernel: '6.1', bpfLsm: true },
  { kernel: '6.12', bpfLsm: true },
  { kernel: '6.12', bpfLsm: false },
];

interface Told {
  readonly modes: Readonly<Record<string, ModeOutcome | { readonly error: string }>>;
  readonly outcomes: Readonly<Record<string, PolicyOutcome | { readonly error: string }>>;
  readonly faults: readonly string[];
  /** Texts that were cut, of a program that was given five which are too long. */
  readonly truncated: number;
  /** Relations that were offered while only something ran that concerned nobody. */
  readonly idle: readonly string[];
  readonly sieve: SieveRest;
}

describe.for(machines)('on $kernel, bpf a security module: $bpfLsm', (machine) => {
  // Of every change it is asked once whether what is said holds; on the other kernel, of a release.
  const reason = whyNoCapture(machine.kernel, machine.kernel === '6.1' ? 'minutes' : 'long');
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let told: Told;

  beforeAll(async () => {
    if (reason === undefined) told = await runCases(machine);
  }, 900_000);

  const outcomeOf = (name: string): PolicyOutcome => {
    const outcome = told.outcomes[name]!;
    if ('error' in outcome) throw new Error(outcome.error);
    return outcome;
  };

  run.for(cases)(`$name${note}`, ({ name, all = false, others, shows, hides = [], othersShow }) => {
    const outcome = outcomeOf(name);
    const missing = shows.filter((line) => !outcome.matching.includes(line));
    expect(missing, outcome.matching.join('\n')).toEqual([]);
    expect(hides.filter((line) => outcome.matching.includes(line))).toEqual([]);
    if (others.length === 0) return;
    if (!all && othersShow === undefined)
      expect(outcome.others.filter((line) => line.includes(' > '))).toEqual([]);
    const expected = othersShow ?? [];
    expect(expected.filter((line) => !outcome.others.includes(line))).toEqual([]);
  });

  run.for(modeCases)(`the graph with $name${note}`, ({ name, figures }) => {
    const outcome = told.modes[name]!;
    if ('error' in outcome) throw new Error(outcome.error);
    expect(outcome.faults).toEqual([]);
    expect(outcome.figures).toEqual(figures);
    const expected = figures.records === 'none' ? [] : shownInEveryMode;
    const missing = expected.filter((line) => !outcome.lines.includes(line));
    expect(missing, outcome.lines.join('\n')).toEqual([]);
  });

  run(`records of a task say which namespaces it entered${note}`, () => {
    const { matching } = outcomeOf('namespaces that a task enters');
    const entered = matching.find((line) => line.startsWith('uts:['));
    expect(entered).toBeDefined();
    expect(matching).toContain(`a task is in ${entered}`);
  });

  run(`texts that are cut are counted, each once${note}`, () => {
    expect(told.truncated).toBe(5);
  });

  run(`hooks are left early by what is not tracked${note}`, () => {
    // A child of the recorder shows itself by executing something.
    expect(told.idle.filter((name) => name !== 'exec' && name !== 'exec_task')).toEqual([]);
  });

  run(`the sieve holds as much as it says, and nothing that has ended${note}`, () => {
    expect(told.sieve.slots).toBe(told.sieve.sum);
    expect(told.sieve.sum).toBe(told.sieve.files);
  });

  run(`the graph of all of it is right${note}`, () => {
    expect(told.faults).toEqual([]);
  });
});

async function runCases({ kernel, bpfLsm }: (typeof machines)[number]): Promise<Told> {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-policy-'));
  try {
    const { status, stdout, stderr } = await runInGuest({
      kernel,
      bpfLsm,
      cpus: 2,
      command: ['node', '/camflow/tests/dist/policy/run-cases.js'],
      put: [buildWorkload('flows', folder)],
      timeoutMs: 840_000,
    });
    if (status !== 0) throw new Error(`the cases did not run to their end: ${stderr}`);
    return JSON.parse(stdout.toString());
  } finally {
    rmSync(folder, { recursive: true });
  }
}
