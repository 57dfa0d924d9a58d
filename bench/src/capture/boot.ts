import { fileURLToPath } from 'node:url';
import { type GuestKernel, runInGuest } from '@camflow/guest';
import { type State, timesOf } from './states.ts';
import { type Timing, timingArguments } from './workloads.ts';

/** What one boot gave. */
export interface Boot {
  /** The least nanoseconds per operation of each workload on the bare kernel. */
  readonly bare: ReadonlyMap<string, number>;
  /** The same in the state. */
  readonly costs: ReadonlyMap<string, number>;
  /** CPU seconds of whoever read the records, while the workloads ran. */
  readonly readerSeconds: number;
  readonly taken: number;
  /** Records that found no room, state that could not be kept, runs of programs that the kernel left out. */
  readonly lost: number;
}

interface Line {
  readonly tag: string;
  readonly name: string;
  readonly ns_min?: number;
  readonly hundredths?: number;
  readonly taken?: number;
  readonly lost?: number;
}

/**
 * Boots a guest and times the workloads there, on the bare kernel, in one state, and on the bare kernel again.
 * @param load - path of the built load program on the host
 * @param seed - of the orders of the workloads
 * @throws Error where the guest's script fails, with what it said
 */
export async function measureBoot(
  load: string,
  kernel: GuestKernel,
  state: State,
  timings: readonly Timing[],
  seed: number,
): Promise<Boot> {
  const script = fileURLToPath(new URL('../../guest/cost.sh', import.meta.url));
  const { status, stdout, stderr } = await runInGuest({
    kernel,
    command: [
      'bash',
      '/root/cost.sh',
      state,
      `${timesOf[state]}`,
      `${1000 * seed}`,
      ...timings.map(timingArguments),
    ],
    put: [
      { host: load, guest: '/root/bin/costload' },
      { host: script, guest: '/root/cost.sh' },
    ],
    memoryMib: 4096,
    timeoutMs: 1_200_000,
  });
  if (status !== 0) throw new Error(`the guest in state ${state} ended with ${status}: ${stderr}`);
  const lines = stdout
    .toString()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): Line => JSON.parse(line));
  const named = (name: string): Line | undefined => lines.find((line) => line.name === name);
  const losses = named('losses');
  return {
    bare: leastOf(lines, 'bare'),
    costs: leastOf(lines, state),
    readerSeconds: (named('reader')?.hundredths ?? 0) / 100,
    taken: losses?.taken ?? 0,
    lost: losses?.lost ?? 0,
  };
}

function leastOf(lines: readonly Line[], tag: string): Map<string, number> {
  const least = new Map<string, number>();
  for (const { name, ns_min = Infinity } of lines.filter((line) => line.tag === tag))
    if (ns_min < (least.get(name) ?? Infinity)) least.set(name, ns_min);
  return least;
}
