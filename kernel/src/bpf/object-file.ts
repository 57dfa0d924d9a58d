import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The compiled BPF programs. */
export const objectFile: string = fileURLToPath(new URL('../../dist/bpf/camflow.bpf.o', import.meta.url));

/** A number that tells one build of the programs from another. */
export function objectVersion(): bigint {
  return createHash('sha256').update(readFileSync(objectFile)).digest().readBigUInt64LE();
}
