import { execFileSync } from 'node:child_process';

/** Workloads that are no single operation: they have rows and no part in the mean. */
export const whole: readonly string[] = ['unpack', 'serve', 'serve_greet'];

/** Rounds of a pass of each that is one. */
export const rounds = 40;

/** Workloads that are timed together, in rounds that follow each other, another order in each. */
export interface Timing {
  readonly workloads: readonly string[];
  /** Of the number of operations a round. */
  readonly scale: number;
  readonly rounds: number;
  readonly seed: number;
}

/**
 * How the workloads of a load program are timed in a boot. Of the rounds the least counts, so that many short ones are
 * better than few long ones: what the host does meanwhile comes in bursts, and a short round gets by between two of
 * them. Of the whole ones only whether they stall is asked, for which few rounds do.
 * @param load - path of the built load program
 * @param seed - of the order of the workloads, which every pass has another of
 */
export function timingsOf(load: string, passes: number, seed: number): Timing[] {
  const listed = execFileSync(load, ['--list'], { encoding: 'utf8' });
  const names = listed.split('\n').flatMap((line) => line.match(/^\S+/)?.[0] ?? []);
  const single = names.filter((name) => !whole.includes(name));
  return [
    ...Array.from({ length: passes }, (_, pass) => ({
      workloads: single,
      scale: 0.02,
      rounds,
      seed: passes * seed + pass,
    })),
    { workloads: names.filter((name) => whole.includes(name)), scale: 0.03, rounds: 6, seed },
  ];
}

/** What the load program is told for one of them, with a blank between the words. */
export function timingArguments({ workloads, scale, rounds, seed }: Timing): string {
  const only = workloads.map((name) => `--only ${name}`);
  return [...only, `--scale ${scale}`, `--repeat ${rounds}`, `--seed ${seed}`].join(' ');
}
