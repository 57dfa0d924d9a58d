import type { UnitBatch } from '../contracts/sink.ts';

/**
 * The name of a unit: the same whenever the same unit is given to an output again, by this run or by one that
 * goes on after a crash. A reader that remembers the names it has seen can drop repeats. ASCII without blanks:
 * `NUMBERING/STREAM/SEQUENCE/INDEX`, for example `k3J9x0/short0/8192/17`.
 * @param units - as a sink is given them
 * @param index - which of the units
 * @returns undefined where the batch does not say where it comes from
 */
export function unitId({ source }: UnitBatch, index: number): string | undefined {
  if (source === undefined) return undefined;
  const { numbering, stream, firstSequence, firstUnit } = source;
  return `${numbering}/${stream.kind}${stream.cpu}/${firstSequence}/${firstUnit + index}`;
}
