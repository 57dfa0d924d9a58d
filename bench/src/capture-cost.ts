// `pnpm bench:capture`: what capture costs whoever is recorded; prints, and writes docs/capture-cost.md.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { type GuestKernel, guestKernels } from '@camflow/guest';
import { type Boot, measureBoot } from './capture/boot.ts';
import { geometricMean, stallLine, stateTable, workloadTable } from './capture/cost-table.ts';
import { type State, states, timesOf } from './capture/states.ts';
import { listWorkloads, rounds, timingsOf } from './capture/workloads.ts';

const { values } = parseArgs({
  options: {
    load: {
      type: 'string',
      default: fileURLToPath(new URL('../../../shared/tools/costload.c', import.meta.url)),
    },
    kernel: { type: 'string', default: '6.1' },
    boots: { type: 'string', default: '3' },
    states: { type: 'string', default: states.join(',') },
  },
});
if (!existsSync(values.load)) {
  throw new Error(`there is no ${values.load}: name the source of the load program by --load`);
}
if (!Object.hasOwn(guestKernels, values.kernel)) throw new Error(`no guest has kernel ${values.kernel}`);
const kernel = values.kernel as GuestKernel;
const named = values.states.split(',');
const unknown = named.find((state) => !states.includes(state as State));
if (unknown !== undefined) throw new Error(`there is no state ${unknown}: there are ${states.join(', ')}`);
const chosen = states.filter((state) => named.includes(state));
const boots = Number(values.boots);
if (!Number.isInteger(boots) || boots < 1) throw new Error(`--boots ${values.boots} is no number of boots`);

const folder = mkdtempSync(path.join(tmpdir(), 'camflow-cost-'));
const series = new Map<State, Boot[]>(chosen.map((state) => [state, []]));
try {
  const load = path.join(folder, 'costload');
  execFileSync('gcc', ['-std=c11', '-O2', '-static', '-pthread', '-o', load, values.load]);
  const timings = timingsOf(listWorkloads(load));
  for (let seed = 1; seed <= boots; seed++) {
    // There and back: a host that gets slower or faster does so for all of them.
    for (const state of seed % 2 === 1 ? chosen : chosen.toReversed()) {
      const boot = await measureBoot(load, kernel, state, timings, seed);
      series.get(state)!.push(boot);
      console.log(`boot ${seed} ${state}: ${boot.taken} records, ${boot.lost} lost`);
    }
    for (const state of chosen) console.log(`${state}: ${geometricMean(series, state).toFixed(3)}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

if (chosen.length === states.length) {
  const page = `# What capture costs

Written by \`pnpm bench:capture\`: nanoseconds per operation of small workloads in a guest with Debian's kernel ${kernel},
emulated, pinned to one of its two CPUs, against the bare kernel in the same boot: boots of one kernel differ by more
than what is to be told apart. ${boots} boots of each state, interleaved. In a boot the workloads are timed on the bare kernel,
${timesOf.disabled} times in the state (${timesOf.recorder} times where records are made), and on the bare kernel again, after the programs were
removed; as often before and after together as in the state, and once more at first, which does not count. Each time they
take ${rounds} short rounds, another order in each. Of all rounds the least counts; of the ratios of the boots the median. In
brackets: from the least boot to the most, in percent of the median. A ratio that differs from 1 by less than the spread
says nothing; \`getpid\`, which no hook sees, tells how much of it is the host's.

The recorder has rings of 256 MiB a CPU, as it shares an emulated CPU with what the guest does besides.

## By state

Geometric mean over the workloads that are a single operation; in brackets the least and the most of those of single
boots. Lost are records that found no room in a ring, state that could not be kept, and runs of programs that the kernel
left out.

${stateTable(series)}

In \`disabled\` the programs are loaded and pinned, and detached: the kernel calls none of them until capture is enabled.
In \`stopped\` the whole system was recorded before: from then on the programs at the ends of objects stay attached
([why](adr/0014-hooks-are-left-early.md)).

${stallLine(series)}

## By workload

\`unpack\` makes a tree of files and removes it: the guest's file system takes ever longer for that while a boot lasts, on
the bare kernel as well, and its ratios say no more than that.

${workloadTable(series)}
`;
  writeFileSync(fileURLToPath(new URL('../../docs/capture-cost.md', import.meta.url)), page);
}
