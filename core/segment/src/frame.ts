import { constants, crc32, deflateRawSync, inflateRawSync } from 'node:zlib';
import {
  blockVersion,
  compressions,
  maxMetadataBytes,
  maxPayloadBytes,
  type Preamble,
  preambleBytes,
  writePreamble,
} from './block.ts';

/**
 * What stands before the payload of a block that is stored as it is: preamble and metadata. For writers that have
 * the payload in memory anyway and want neither to copy nor to compress it.
 * @param parts - the payload, in pieces that are written one after another behind the result
 * @throws RangeError where metadata or payload exceed their limits: a mistake of the caller
 */
export function encodePlainHead(type: number, metadata: Metadata, parts: readonly Uint8Array[]): Buffer {
  const text = Buffer.from(JSON.stringify(metadata));
  const payloadBytes = parts.reduce((sum, part) => sum + part.length, 0);
  checkSizes(text.length, payloadBytes);
  const head = Buffer.allocUnsafe(preambleBytes + text.length);
  text.copy(head, preambleBytes);
  writePreamble(head, {
    version: blockVersion,
    type,
    compression: compressions.none,
    metadataBytes: text.length,
    storedBytes: payloadBytes,
    rawBytes: payloadBytes,
    metadataChecksum: crc32(text),
    payloadChecksum: parts.reduce((sum, part) => crc32(part, sum), 0),
  });
  return head;
}

function checkSizes(metadataBytes: number, payloadBytes: number): void {
  if (metadataBytes <= maxMetadataBytes && payloadBytes <= maxPayloadBytes) return;
  throw new RangeError(`frame of ${metadataBytes} + ${payloadBytes} bytes is too large`);
}

/** What a block says about itself: a JSON object. */
export type Metadata = Readonly<Record<string, unknown>>;

/** A block without its wrapping. */
export interface Frame {
  /** What the frame is for, 0 to 255; one of `blockTypes` where this release knows it. */
  readonly type: number;
  readonly metadata: Metadata;
  /** Unpacked bytes, at most `maxPayloadBytes`. */
  readonly payload: Uint8Array;
}

/**
 * The bytes of a frame: the same for the same frame. The payload is deflated unless that makes it longer.
 * @throws RangeError where metadata or payload exceed their limits: a mistake of the caller
 */
export function encodeFrame(frame: Frame): Uint8Array {
  const { payload } = frame;
  const metadata = Buffer.from(JSON.stringify(frame.metadata));
  checkSizes(metadata.length, payload.length);
  const packed = deflateRawSync(payload, { level: constants.Z_BEST_SPEED });
  const stored = packed.length < payload.length ? packed : payload;
  const block = Buffer.allocUnsafe(preambleBytes + metadata.length + stored.length);
  metadata.copy(block, preambleBytes);
  block.set(stored, preambleBytes + metadata.length);
  writePreamble(block, {
    version: blockVersion,
    type: frame.type,
    compression: stored === packed ? compressions.deflate : compressions.none,
    metadataBytes: metadata.length,
    storedBytes: stored.length,
    rawBytes: payload.length,
    metadataChecksum: crc32(metadata),
    payloadChecksum: crc32(stored),
  });
  return block;
}

/** The metadata of a block, or undefined where the bytes are not those that were written. */
export function decodeMetadata(preamble: Preamble, bytes: Buffer): Metadata | undefined {
  if (bytes.length !== preamble.metadataBytes || crc32(bytes) !== preamble.metadataChecksum) return undefined;
  try {
    const value: unknown = JSON.parse(bytes.toString());
    return typeof value === 'object' && value !== null ? (value as Metadata) : undefined;
  } catch {
    return undefined;
  }
}

/** The unpacked payload of a block, or undefined where the bytes are not those that were written. */
export function decodePayload(preamble: Preamble, bytes: Buffer): Buffer | undefined {
  if (bytes.length !== preamble.storedBytes || crc32(bytes) !== preamble.payloadChecksum) return undefined;
  if (preamble.compression === compressions.none) return bytes;
  try {
    const raw = inflateRawSync(bytes, { maxOutputLength: Math.max(1, preamble.rawBytes) });
    return raw.length === preamble.rawBytes ? raw : undefined;
  } catch {
    return undefined;
  }
}
