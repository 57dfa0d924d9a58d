import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** The active security modules in their order; undefined where the list cannot be read. */
export function activeSecurityModules(): readonly string[] | undefined {
  try {
    return readFileSync('/sys/kernel/security/lsm', 'utf8').trim().split(',');
  } catch {
    return undefined;
  }
}

/**
 * The compiled BPF programs for this kernel: those on the security hooks where `bpf` is an active security module.
 * Elsewhere they would load and record nothing, and those on the functions that call the hooks stand in.
 */
export function objectFile(): string {
  const name = activeSecurityModules()?.includes('bpf') ? 'camflow.bpf.o' : 'camflow-fexit.bpf.o';
  return fileURLToPath(new URL(`../../dist/bpf/${name}`, import.meta.url));
}

/** Of what the loader adds to the programs: to be changed with what it pins. */
const loaderVersion = '2';

/** A number that tells one build of the programs, with its loader, from another. Never 0. */
export function objectVersion(): bigint {
  const hash = createHash('sha256').update(loaderVersion).update(readFileSync(objectFile()));
  return hash.digest().readBigUInt64LE() || 1n;
}
