import { type UnitBatch, unitNameWords } from '../contracts/sink.ts';

/** The high word of a sequence number that there is not. */
const noSequence = 0xffff_ffff;

/**
 * The name of a unit. Never the name of one of other records, and the same whenever a unit of the same records is given
 * to an output again, by this run or, where the numbering outlives that, by one that goes on after a crash: also where
 * batches begin elsewhere then, or other records are left out. A reader that remembers the names it has seen can drop
 * repeats. ASCII without blanks:
 * - `NUMBERING/STREAM/SEQUENCE` for a unit of one record, for example `k3J9x0/short0/8192`
 * - `NUMBERING/STREAM/SEQUENCE-DIGEST` for one of several: the number of the last of them, and a digest of all numbers
 * - `NUMBERING/STREAM/SEQUENCE/INDEX` for one of no record, or of unknown ones: the first number of its batch, and its
 *   place in that
 * @param units - as a sink is given them
 * @param index - which of the units
 * @returns undefined where the batch does not say where it comes from
 */
export function unitId({ source, names }: UnitBatch, index: number): string | undefined {
  if (source === undefined) return undefined;
  const { numbering, stream, firstSequence, firstUnit } = source;
  const place = `${numbering}/${stream.kind}${stream.cpu}`;
  const at = index * unitNameWords;
  const high = names?.[at + 1] ?? noSequence;
  if (high === noSequence) return `${place}/${firstSequence}/${firstUnit + index}`;
  const sequence = high * 2 ** 32 + names![at]!;
  const digest = names![at + 2]!;
  return digest === 0
    ? `${place}/${sequence}`
    : `${place}/${sequence}-${digest.toString(16).padStart(8, '0')}`;
}

/**
 * Writes what a unit is named by.
 * @param names - the table of `UnitBatch.names`
 * @param index - which of the units
 * @param sequence - number of its last record; undefined where it has none
 * @param digest - of the numbers of its records, where they are several
 */
export function writeUnitName(
  names: Uint32Array,
  index: number,
  sequence: number | undefined,
  digest: number,
): void {
  const at = index * unitNameWords;
  names[at] = sequence ?? 0;
  names[at + 1] = sequence === undefined ? noSequence : Math.floor(sequence / 2 ** 32);
  names[at + 2] = digest;
}
