// `pnpm bench:capture`: what capture costs whoever is recorded; prints, and writes docs/capture-cost.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type GuestKernel, guestKernels } from '@camflow/guest';
import { type Boot, measureBoot } from './capture/boot.ts';
import { geometricMean, type Series, stateTable, workloadTable } from './capture/cost-table.ts';
import { countedStates, type State, states } from './capture/states.ts';

const { values } = parseArgs({
  options: {
    load: {
      type: 'string',
      default: fileURLToPath(new URL('../../../shared/tools/costload.c', import.meta.url)),
    },
    kernel: { type: 'string', default: '6.1' },
    boots: { type: 'string', default: '3' },
    scale: { type: 'string', default: '0.12' },
    counted: { type: 'string', default: '2' },
    'counted-scale': { type: 'string', default: '0.03' },
  },
});
if (!existsSync(values.load)) {
  throw new Error(`there is no ${values.load}: name the source of the load program by --load`);
}
if (!Object.hasOwn(guestKernels, values.kernel)) throw new Error(`no guest has kernel ${values.kernel}`);
const kernel = values.kernel as GuestKernel;

const folder = mkdtempSync(path.join(tmpdir(), 'camflow-cost-'));
const load = path.join(folder, 'costload');

/** Boots so many guests of each state, one state after the other. */
async function measure(
  chosen: readonly State[],
  boots: number,
  scale: number,
  countsInstructions: boolean,
): Promise<Series> {
  const series = new Map<State, Boot[]>(chosen.map((state) => [state, []]));
  for (let seed = 1; seed <= boots; seed++) {
    for (const state of chosen) {
      const boot = await measureBoot(load, kernel, state, { seed, scale, countsInstructions });
      series.get(state)!.push(boot);
      console.log(`boot ${seed} ${state}: ${boot.taken} records, ${boot.lost} lost`);
    }
    for (const state of chosen) {
      if (state !== 'bare') console.log(`${state}: ${geometricMean(series, state).toFixed(3)}`);
    }
  }
  return series;
}

try {
  execFileSync('gcc', ['-std=c11', '-O2', '-static', '-pthread', '-o', load, values.load]);
  console.log('instructions');
  const counted = await measure(countedStates, Number(values.counted), Number(values['counted-scale']), true);
  console.log('time');
  const timed = await measure(states, Number(values.boots), Number(values.scale), false);
  const page = `# What capture costs

Written by \`pnpm bench:capture\`: small workloads in a guest with Debian's kernel ${kernel}, emulated, pinned to one of its two
CPUs, against the bare kernel in the same kind of guest; boots of all states interleaved, another order of the workloads
in each; the least of five rounds, and of the boots the median. In brackets: from the least boot to the most, in percent
of the median. A ratio that differs from 1 by less than the spread says nothing.

Measured in two ways. **Instructions** (${values.counted} boots of each state): the guest's clock counts what its CPUs execute, an
instruction a nanosecond, so that whatever else the host does has no part in it. CPUs take turns then, and a reader's work
would count as that of who is recorded: it is for the states without one. **Time** (${values.boots} boots): the emulated CPUs run at
the same time on CPUs of the host, which does other things too; \`getpid\`, which no hook sees, tells how much that is.

## By state

Geometric mean over the workloads that are a single operation. Lost are records that found no room in a ring, state
that could not be kept, and runs of programs that the kernel left out.

${stateTable(timed, counted)}

## By workload: instructions

${workloadTable(counted)}

## By workload: time

${workloadTable(timed)}
`;
  writeFileSync(fileURLToPath(new URL('../../docs/capture-cost.md', import.meta.url)), page);
} finally {
  rmSync(folder, { recursive: true });
}
