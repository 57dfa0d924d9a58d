import { execFileSync } from 'node:child_process';

/** Workloads that are no single operation: they have rows and no part in the mean. */
export const whole: readonly string[] = ['unpack', 'serve', 'serve_greet'];

/** Rounds in which the single ones are timed, each time. */
export const rounds = 10;

/** Workloads that are timed together, in rounds that follow each other, another order in each. */
export interface Timing {
  readonly workloads: readonly string[];
  /** Of the number of operations a round. */
  readonly scale: number;
  readonly rounds: number;
}

/**
 * The names of the workloads of a load program.
 * @param load - path of the built load program
 */
export function listWorkloads(load: string): string[] {
  const listed = execFileSync(load, ['--list'], { encoding: 'utf8' });
  return listed.split('\n').flatMap((line) => line.match(/^\S+/)?.[0] ?? []);
}

/**
 * How workloads are timed, each time. Of the rounds the least counts, so that many short ones are better than few long
 * ones: what the host does meanwhile comes in bursts, and a short round gets by between two of them. And many times are
 * better than many rounds: what a process costs differs with where it happens to lie in memory. Of the whole ones only
 * whether they stall is asked, for which few rounds do.
 */
export function timingsOf(names: readonly string[]): Timing[] {
  return [
    { workloads: names.filter((name) => !whole.includes(name)), scale: 0.02, rounds },
    { workloads: names.filter((name) => whole.includes(name)), scale: 0.03, rounds: 1 },
  ];
}

/** What the load program is told for one of them, but for the seed of the order, with a blank between the words. */
export function timingArguments({ workloads, scale, rounds }: Timing): string {
  const only = workloads.map((name) => `--only ${name}`);
  return [...only, `--scale ${scale}`, `--repeat ${rounds}`].join(' ');
}
