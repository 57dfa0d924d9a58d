import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { isCamflowError } from '@camflow/api';
import { type IdentityPlaces, needBootId, needMachineId } from './identity-files.ts';

/** The numbers that every identifier carries. */
export interface MachineNumbers {
  readonly machineId: number;
  readonly bootId: number;
}

/**
 * The numbers of this machine and of its start, from CamFlow's files, which whoever comes first makes: camconfd, a
 * recorder or `camflow -e true`. Where they cannot be written, as with a read-only /etc, numbers that are missing are
 * hashes of /etc/machine-id and of the kernel's boot id, which are stable too.
 * @param said - numbers that somebody said, which hold; 0 where nobody did
 */
export function needMachineNumbers(
  said: Partial<MachineNumbers> = {},
  places: IdentityPlaces = {},
): MachineNumbers {
  const machineHash = (): number => hashOf('/etc/machine-id', hostname());
  const bootHash = (): number => hashOf('/proc/sys/kernel/random/boot_id', '');
  return {
    machineId: said.machineId || orElse(() => needMachineId(places), machineHash),
    bootId: said.bootId || orElse(() => needBootId(places), bootHash),
  };
}

function orElse(need: () => number, otherwise: () => number): number {
  try {
    return need();
  } catch (error) {
    // A file that is there and cannot be read holds another number than a hash.
    if (!isCamflowError(error) || error.code === 'CONFIG_UNREADABLE') throw error;
    return otherwise();
  }
}

function hashOf(path: string, otherwise: string): number {
  let text = otherwise;
  try {
    text = readFileSync(path, 'utf8').trim() || otherwise;
  } catch {
    // What else tells machines apart has to do.
  }
  return createHash('sha256').update(text).digest().readUInt32LE() || 1;
}
