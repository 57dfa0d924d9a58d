import { open } from 'node:fs/promises';
import { abiCamflow09, type Origin, recordTypeOfCode } from '@camflow/api';
import type { RelayPath } from './relay-folder.ts';

/** Records looked at in each file: the first few may be padding, damaged, or name no machine. */
const recordsToTry = 64;

/** Where the numbers are in every record but a packet, whose identifier is made of addresses. */
const bootIdOffset = 16;
const machineIdOffset = 20;

/**
 * Raw relay files have no header, but their records name the machine and boot that they come from. The first
 * record that does so decides; where none does, both are 0. The epoch is not known.
 */
export async function originOf(paths: readonly RelayPath[]): Promise<Origin> {
  const { id: abi, framing } = abiCamflow09;
  for (const { path, stream } of paths) {
    const recordBytes = stream.kind === 'long' ? framing.longBytes : framing.shortBytes;
    const start = await startOf(path, recordsToTry * recordBytes);
    for (let at = 0; at + recordBytes <= start.length; at += recordBytes) {
      const type = recordTypeOfCode(start.readBigUInt64LE(at));
      if (type === undefined || type.name === 'packet') continue;
      const machineId = start.readUInt32LE(at + machineIdOffset);
      if (machineId !== 0) return { abi, machineId, bootId: start.readUInt32LE(at + bootIdOffset), epoch: 0 };
    }
  }
  return { abi, machineId: 0, bootId: 0, epoch: 0 };
}

async function startOf(path: string, byteLength: number): Promise<Buffer> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(byteLength), 0, byteLength, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}
