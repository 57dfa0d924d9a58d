import { readFileSync } from 'node:fs';
import { hostname, machine, release, type, version } from 'node:os';
import { nodeTypeNamed } from '@camflow/api';
import type { IdentityPlaces } from '../control/identity-files.ts';
import { type MachineNumbers, needMachineNumbers } from '../control/machine-numbers.ts';
import { machineTextOffset, structures, writeStructure } from './layout.ts';

/** What the machine's node says, and the numbers that every identifier carries. */
export interface MachineIdentity extends MachineNumbers {
  /** A `struct cf_machine` for it. */
  readonly node: Uint8Array;
}

/** What the configuration of the programs says; 0 where nobody said anything. */
export interface KnownIdentity {
  readonly machine_id: bigint;
  readonly boot_id: bigint;
}

/** What stands where CamFlow has the version of its kernel part: that of the record model. */
const modelVersion = [0, 9, 0];
const nameBytes = 65;

/**
 * Describes this machine.
 * @param known - what was said since the programs were loaded, which holds for as long as they are
 */
export function describeMachine(known: KnownIdentity, places: IdentityPlaces = {}): MachineIdentity {
  const said = { machineId: Number(known.machine_id), bootId: Number(known.boot_id) };
  const { machineId, bootId } = needMachineNumbers(said, places);
  const node = Buffer.alloc(structures.cf_machine.size);
  // CamFlow's machine starts at version 1 too.
  writeStructure('cf_machine', node, { id: machineId, type: nodeTypeNamed('machine')!.code, step: 1 << 1 });
  const text = node.subarray(machineTextOffset);
  text.set(modelVersion);
  const names = [type(), hostname(), release(), version(), machine(), domainName()];
  for (const [i, name] of names.entries())
    text.write(name, modelVersion.length + i * nameBytes, nameBytes - 1);
  return { machineId, bootId, node };
}

function domainName(): string {
  try {
    return readFileSync('/proc/sys/kernel/domainname', 'utf8').trim();
  } catch {
    return '';
  }
}
