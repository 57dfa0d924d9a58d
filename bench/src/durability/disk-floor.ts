import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const blockBytes = 8 << 20;
/** As much as a run leaves in a spool: pages that are used again cost less. */
const blocks = 32;
const rounds = 5;

/**
 * Measures what nothing that spools can do without: a checksum of each byte, a write of it to a file, the read of it,
 * and the checksum again.
 * @param file - is made and removed
 * @returns CPU time in nanoseconds per byte, the median of some rounds
 */
export function measureDiskFloor(file: string): number {
  const block = Buffer.alloc(blockBytes, 'provenance');
  const costs = Array.from({ length: rounds }, () => {
    const before = process.cpuUsage();
    const fd = openSync(file, 'wx+');
    for (let i = 0; i < blocks; i++) {
      crc32(block);
      writeSync(fd, block);
    }
    for (let i = 0; i < blocks; i++) {
      readSync(fd, block, 0, blockBytes, i * blockBytes);
      crc32(block);
    }
    closeSync(fd);
    rmSync(file);
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1000) / (blocks * blockBytes);
  });
  return costs.sort((a, b) => a - b)[rounds >> 1]!;
}
