import type { GuestKernel } from '@camflow/guest';
import { faultsOf } from '../capture/graph-faults.ts';
import { calls } from './calls.ts';
import { recordPrograms } from './record-programs.ts';
import { callsShown, requestsOf, showing } from './showing.ts';

const usage = `Usage: pnpm provmark [6.1|6.12] [--fexit]

Records each of the 44 system calls of the ProvMark benchmark in a guest, by a small program with the call and by the
same program without it, and prints what is there because of the call. With --fexit, by the programs that stand in where
bpf is no active security module. Exits with 1 where fewer than 39 calls show or the graph is not right.
`;

/** The fewest calls that must show. */
const fewest = 39;

/** Prints the table. */
async function main(words: readonly string[]): Promise<number> {
  const kernel = words.find((word) => !word.startsWith('-')) ?? '6.1';
  if (words.includes('--help') || !['6.1', '6.12'].includes(kernel)) {
    process.stdout.write(usage);
    return words.includes('--help') ? 0 : 2;
  }
  const machine = { kernel: kernel as GuestKernel, bpfLsm: !words.includes('--fexit') };
  const { runs, failed, complaints } = await recordPrograms(machine, requestsOf(['calls']));
  const rows = calls.map(({ name, shows, why }) => {
    const found = showing(runs, name, shows);
    const yes = found.length > 0 && found.every(({ shown }) => shown);
    const what = found.map(
      ({ wanted, with: some, without }) =>
        `${wanted.from} -${wanted.relation}-> ${wanted.to} (${some}${without > 0 ? `, without the call ${without}` : ''})`,
    );
    return [name, yes ? 'yes' : 'no', what.join('; ') || (why ?? '')];
  });
  const widths = [0, 1].map((column) => Math.max(5, ...rows.map((row) => row[column]!.length)));
  for (const row of [['call', 'shown', 'because of the call'], ...rows]) {
    process.stdout.write(`${row[0]!.padEnd(widths[0]!)}  ${row[1]!.padEnd(widths[1]!)}  ${row[2]}\n`);
  }
  const shown = callsShown(runs).length;
  const faults = [...failed, ...(complaints === '' ? [] : [complaints]), ...faultsOf(runs.graph)];
  process.stdout.write(`\n${shown} of ${calls.length} calls show on Linux ${kernel}\n`);
  for (const fault of faults) process.stdout.write(`${fault}\n`);
  return shown >= fewest && faults.length === 0 ? 0 : 1;
}

process.exitCode = await main(process.argv.slice(2));
