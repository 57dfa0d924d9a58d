import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { ProvenanceControl } from '@camflow/kernel';

/** What became of what is said about files. */
export interface KeptFlags {
  /** Files of which it was saved, or said again. */
  readonly files: number;
  /** Files of file systems that are gone with the machine's run, or were not found again. */
  readonly left: number;
}

/** Where what is said about files is kept while the machine is off. */
function flagsPath(stateFolder: string): string {
  return join(stateFolder, 'file-flags.json');
}

/**
 * Says again what was saved before the machine was started anew.
 * @returns undefined where nothing was saved
 * @throws CamflowError where what was saved cannot be read; nothing was changed then
 */
export function restoreFlags(stateFolder: string, control: ProvenanceControl): KeptFlags | undefined {
  const path = flagsPath(stateFolder);
  return existsSync(path) ? control.files.load(path) : undefined;
}

/**
 * Saves what is said about files.
 * @throws CamflowError
 */
export function saveFlags(stateFolder: string, control: ProvenanceControl): KeptFlags {
  return control.files.save(flagsPath(stateFolder));
}
