import type { CapturedResult } from '@camflow/guest';

/** What a job said about something, one line after the other. */
export type SaidAbout = (about: string) => string[];

/** @param job - of which each line of output starts with what it is about */
export function saidBy(job: Pick<CapturedResult, 'stdout'>): SaidAbout {
  const lines = job.stdout.toString().split('\n');
  return (about) =>
    lines.flatMap((line) => (line.startsWith(`${about} `) ? [line.slice(about.length + 1)] : []));
}
