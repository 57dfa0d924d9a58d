import { join } from 'node:path';
import { errnoName } from '../../libc/system-call-error.ts';
import { exchangeOnce, readOnce, writeOnce } from '../../securityfs/control-file.ts';

/** The control files of a CamFlow kernel: each call is one system call on one file, by its name. */
export interface ControlFiles {
  /** Reads up to `sizeBytes`; what comes back is as long as the kernel said. */
  read(name: string, sizeBytes: number): Buffer;
  /** Reads with a question in the memory, where the answer is then. */
  exchange(name: string, memory: Uint8Array): void;
  write(name: string, bytes: Uint8Array): void;
}

/** The control files in a folder. */
export function controlFilesIn(folder: string): ControlFiles {
  return {
    read: (name, sizeBytes) => readOnce(join(folder, name), sizeBytes),
    exchange: (name, memory) => void exchangeOnce(join(folder, name), memory),
    write: (name, bytes) => writeOnce(join(folder, name), bytes),
  };
}

const firstEntries = 100;
const mostBytes = 16 << 20;

/**
 * Reads a list: structures of one size, one after another. The kernel refuses memory that has not room for all of
 * them, and then there is a larger attempt.
 */
export function readList(files: ControlFiles, name: string, entryBytes: number): Buffer[] {
  for (let entries = firstEntries; ; entries *= 8) {
    let bytes: Buffer;
    try {
      bytes = files.read(name, entries * entryBytes);
    } catch (error) {
      if (errnoName(error) !== 'ENOMEM' || entries * entryBytes > mostBytes) throw error;
      continue;
    }
    const count = Math.floor(bytes.length / entryBytes);
    return Array.from({ length: count }, (_, at) => bytes.subarray(at * entryBytes, (at + 1) * entryBytes));
  }
}
