import { readFileSync } from 'node:fs';

/** How many CPUs the machine can have: as many rings are made. */
export function possibleCpus(): number {
  const list = readFileSync('/sys/devices/system/cpu/possible', 'utf8').trim();
  return 1 + Math.max(...list.split(/[,-]/).map(Number));
}
