import { crc32 } from 'node:zlib';

/**
 * A segment is a sequence of blocks of one form. A block starts with a preamble of fixed size that vouches for
 * itself by a checksum, so that its sizes can be trusted before anything is allocated; then come the metadata
 * (JSON, never compressed) and the payload, each with a checksum of its own. docs/segment-format.md draws it.
 */
export const preambleBytes = 40;

/** The eight bytes that every block starts with. No text holds them, and a transfer in text mode breaks them. */
export const blockMarker: Buffer = Buffer.from([0x89, 0x43, 0x46, 0x53, 0x45, 0x47, 0x0d, 0x0a]);

/** Version of the block form that this release writes and reads. */
export const blockVersion = 1;

/** Most bytes of metadata in a block. */
export const maxMetadataBytes: number = 256 * 1024;

/** Most bytes of payload in a block, as stored and as unpacked. */
export const maxPayloadBytes: number = 16 * 1024 * 1024;

/** What a block is for. Other numbers up to 255 are kept for kinds to come; readers pass them on. */
export const blockTypes = { header: 0, records: 1, units: 2, state: 3 } as const;

/** How a payload is stored. */
export const compressions = { none: 0, deflate: 1 } as const;

/** The fixed part of a block. */
export interface Preamble {
  readonly version: number;
  readonly type: number;
  readonly compression: number;
  readonly metadataBytes: number;
  readonly storedBytes: number;
  readonly rawBytes: number;
  readonly metadataChecksum: number;
  readonly payloadChecksum: number;
}

/** Writes a preamble to the start of a block. */
export function writePreamble(block: Buffer, preamble: Preamble): void {
  blockMarker.copy(block);
  block[8] = preamble.version;
  block[9] = preamble.type;
  block[10] = preamble.compression;
  block[11] = 0;
  block.writeUInt32LE(preamble.metadataBytes, 12);
  block.writeUInt32LE(preamble.storedBytes, 16);
  block.writeUInt32LE(preamble.rawBytes, 20);
  block.writeUInt32LE(preamble.metadataChecksum, 24);
  block.writeUInt32LE(preamble.payloadChecksum, 28);
  block.writeUInt32LE(0, 32);
  block.writeUInt32LE(crc32(block.subarray(0, 36)), 36);
}

/** Reads the preamble at the start of some bytes; undefined where there is none that its checksum confirms. */
export function readPreamble(bytes: Buffer): Preamble | undefined {
  if (bytes.length < preambleBytes || !bytes.subarray(0, blockMarker.length).equals(blockMarker))
    return undefined;
  if (crc32(bytes.subarray(0, 36)) !== bytes.readUInt32LE(36)) return undefined;
  return {
    version: bytes[8]!,
    type: bytes[9]!,
    compression: bytes[10]!,
    metadataBytes: bytes.readUInt32LE(12),
    storedBytes: bytes.readUInt32LE(16),
    rawBytes: bytes.readUInt32LE(20),
    metadataChecksum: bytes.readUInt32LE(24),
    payloadChecksum: bytes.readUInt32LE(28),
  };
}

/** Whether this release can read the block, and its sizes are within the limits. */
export function isReadable(preamble: Preamble): boolean {
  return (
    preamble.version === blockVersion &&
    preamble.metadataBytes <= maxMetadataBytes &&
    preamble.storedBytes <= maxPayloadBytes &&
    preamble.rawBytes <= maxPayloadBytes &&
    (preamble.compression === compressions.deflate ||
      (preamble.compression === compressions.none && preamble.storedBytes === preamble.rawBytes))
  );
}
