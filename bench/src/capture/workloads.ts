import { execFileSync } from 'node:child_process';

/** Workloads that are no single operation: they have rows and no part in the mean. */
export const whole: readonly string[] = ['unpack', 'serve', 'serve_greet'];

/** Workloads that are timed together, in rounds that follow each other, another order in each. */
export interface Timing {
  readonly workloads: readonly string[];
  /** Of the number of operations a round. */
  readonly scale: number;
  readonly rounds: number;
  readonly seed: number;
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
 * ones: what the host does meanwhile comes in bursts, and a short round gets by between two of them. Of the whole ones
 * only whether they stall is asked, for which few rounds do.
 * @param seed - of the order of the workloads
 */
export function timingsOf(names: readonly string[], rounds: number, seed: number): Timing[] {
  return [
    { workloads: names.filter((name) => !whole.includes(name)), scale: 0.02, rounds, seed },
    { workloads: names.filter((name) => whole.includes(name)), scale: 0.03, rounds: 3, seed },
  ];
}

/** What the load program is told for one of them, with a blank between the words. */
export function timingArguments({ workloads, scale, rounds, seed }: Timing): string {
  const only = workloads.map((name) => `--only ${name}`);
  return [...only, `--scale ${scale}`, `--repeat ${rounds}`, `--seed ${seed}`].join(' ');
}
