import type { GuestKernel } from '@camflow/guest';
import { beforeAll, describe, expect, test } from 'vitest';
import { whyNoCapture } from '../capture/capture-in-guest.ts';
import { faultsOf } from '../capture/graph-faults.ts';
import { outsideTables } from '../docs/relation-ends.ts';
import { programsOf } from './build-programs.ts';
import { calls } from './calls.ts';
import type { RunRequest } from './program-runs.ts';
import { type RecordedPrograms, recordPrograms } from './record-programs.ts';
import { scenarios } from './scenarios.ts';
import { callsShown, requestsOf, showing } from './showing.ts';

/** Fewest of ProvMark's 44 system calls that must show. */
const fewestShown = 39;

test('every program has something that is looked for', () => {
  expect(calls.map(({ name }) => name)).toEqual(programsOf('calls'));
  expect(scenarios.map(({ name }) => name)).toEqual(programsOf('hooks'));
});

const machines: readonly { kernel: GuestKernel; bpfLsm: boolean }[] = [
  { kernel: '6.1', bpfLsm: true },
  { kernel: '6.12', bpfLsm: false },
];

describe.for(machines)('on $kernel, bpf a security module: $bpfLsm', (machine) => {
  const reason = whyNoCapture(machine.kernel, 'long');
  const note = reason === undefined ? '' : ` (skipped: ${reason})`;
  const run = test.skipIf(reason !== undefined);
  let recorded: RecordedPrograms;

  beforeAll(async () => {
    if (reason === undefined) recorded = await recordPrograms(machine, requestsOf(['calls', 'hooks']));
  }, 600_000);

  run(`every program did what it is for, and the graph is right${note}`, () => {
    expect(recorded.failed).toEqual([]);
    expect(recorded.complaints).toBe('');
    expect(faultsOf(recorded.runs.graph)).toEqual([]);
  });

  run(`every relation is in the table of a hook, with its ends the right way round${note}`, () => {
    expect(outsideTables(recorded.runs.graph.relations)).toEqual([]);
  });

  run.for(calls.filter(({ shows }) => shows.length > 0))(`the call $name shows${note}`, ({ name, shows }) => {
    expect(showing(recorded.runs, name, shows).filter(({ shown }) => !shown)).toEqual([]);
  });

  run(`at least ${fewestShown} of ${calls.length} calls show, with their ends${note}`, () => {
    expect(callsShown(recorded.runs).length).toBeGreaterThanOrEqual(fewestShown);
  });

  run.for(scenarios)(
    `the hooks behind $name record what they are for${note}`,
    ({ name, shows, hides = [] }) => {
      const request: RunRequest = { kind: 'hooks', name, with: true };
      const { runs } = recorded;
      const missing = shows.filter((wanted) => runs.find(request, wanted).length === 0);
      expect(missing, runs.describe(request).join('\n')).toEqual([]);
      expect(hides.filter((unwanted) => runs.find(request, unwanted).length > 0)).toEqual([]);
    },
  );
});
