import type { FileHandle } from 'node:fs/promises';
import { CamflowError } from '@camflow/api';
import {
  blockMarker,
  blockTypes,
  blockVersion,
  isReadable,
  type Preamble,
  preambleBytes,
  readPreamble,
} from './block.ts';
import { FileWindow } from './file-window.ts';
import { decodeMetadata, decodePayload, type Frame, type Metadata } from './frame.ts';
import { headerOf, type SegmentHeader } from './header.ts';

/** A stretch of a file that holds no block that can be read. */
export interface DamagedRegion {
  /** Where it starts, in bytes from the start of the file. */
  readonly offset: number;
  readonly byteLength: number;
  /** Whether it reaches to the end of the file: the end is missing, as after a crash of the writer. */
  readonly torn: boolean;
  /** The block that is damaged, where its type and metadata can still be read. */
  readonly block?: { readonly type: number; readonly metadata: Metadata };
}

/** What stands next in a segment file. */
export type SegmentEvent =
  | { readonly kind: 'header'; readonly offset: number; readonly header: SegmentHeader }
  /** The payload is valid until the next event is asked for. `end` is the offset of the first byte after the block. */
  | { readonly kind: 'frame'; readonly offset: number; readonly end: number; readonly frame: Frame }
  | { readonly kind: 'damage'; readonly region: DamagedRegion };

/** Which part of a file to read. */
export interface SegmentRange {
  /** Where a block starts, in bytes. Default 0. */
  readonly start?: number;
  /** Where reading stops: what lies behind is still being written. Default: the end of the file. */
  readonly end?: number;
}

/** A block whose preamble and metadata are confirmed; its payload may still be damaged. */
interface BlockHead {
  readonly preamble: Preamble;
  readonly metadata: Metadata;
  /** Offset of the payload in the file. */
  readonly payloadAt: number;
  /** Offset of the first byte after the block. */
  readonly end: number;
}

/**
 * Reads a segment file from start to end, in bounded memory. Content never makes it fail: what cannot be read is
 * passed over up to the next block whose preamble and metadata are confirmed by their checksums, and told as a
 * damaged region.
 *
 * Inside a damaged region nothing marks where record bytes end and blocks begin: a block that someone placed
 * into the bytes of a record could be read there. Where a block stands at the end that the damaged one states,
 * the region ends there; blocks before that count only if they lead up to it without a gap, as they do after a
 * crash in the middle of a block.
 *
 * @param file - a seekable file; not closed
 * @param name - what to call the file in messages
 * @param range - the part to read; default all of it
 * @throws CamflowError `SOURCE_CORRUPT` where a whole file holds no block at all; `SOURCE_FAILED` where it cannot be
 *   read
 */
export async function* readSegment(
  file: FileHandle,
  name: string,
  { start = 0, end: limit = Number.POSITIVE_INFINITY }: SegmentRange = {},
): AsyncGenerator<SegmentEvent, void, void> {
  const window = new FileWindow(file, limit);
  // Where only a part is read, the caller knows that the file is a segment.
  let blocks = start;
  try {
    for (let offset = start; (await window.at(offset, 1)).length > 0; ) {
      const head = await headAt(window, offset);
      const payload =
        head && decodePayload(head.preamble, await window.at(head.payloadAt, head.preamble.storedBytes));
      if (head === undefined || payload === undefined) {
        const next = await nextBlock(window, offset, head);
        if (next.torn && blocks === 0) throw await noBlock(window, name);
        // What lies beyond the end of a block that says its length is not part of it.
        const end = Math.min(next.offset, head?.end ?? next.offset);
        yield {
          kind: 'damage',
          region: {
            offset,
            byteLength: end - offset,
            torn: next.torn && end === next.offset,
            ...(head && { block: { type: head.preamble.type, metadata: head.metadata } }),
          },
        };
        blocks++;
        offset = end;
        continue;
      }
      const { type } = head.preamble;
      if (type === blockTypes.header) yield { kind: 'header', offset, header: headerOf(head.metadata) };
      else yield { kind: 'frame', offset, end: head.end, frame: { type, metadata: head.metadata, payload } };
      blocks++;
      offset = head.end;
    }
    if (blocks === 0) throw await noBlock(window, name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw new CamflowError('SOURCE_FAILED', `Cannot read ${name}`, { cause: error });
  }
}

async function headAt(window: FileWindow, offset: number): Promise<BlockHead | undefined> {
  const preamble = readPreamble(await window.at(offset, preambleBytes));
  if (preamble === undefined || !isReadable(preamble)) return undefined;
  const metadataAt = offset + preambleBytes;
  const metadata = decodeMetadata(preamble, await window.at(metadataAt, preamble.metadataBytes));
  if (metadata === undefined) return undefined;
  const payloadAt = metadataAt + preamble.metadataBytes;
  return { preamble, metadata, payloadAt, end: payloadAt + preamble.storedBytes };
}

/** Where a damaged region that starts at an offset ends: at the next block, or torn at the end of the file. */
async function nextBlock(
  window: FileWindow,
  offset: number,
  damaged: BlockHead | undefined,
): Promise<{ offset: number; torn: boolean }> {
  const found = await findBlock(window, damaged?.payloadAt ?? offset + 1);
  const endHolds = damaged !== undefined && (await headAt(window, damaged.end)) !== undefined;
  if (!endHolds || (await leadsTo(window, found.offset, damaged.end))) return found;
  return { offset: damaged.end, torn: false };
}

/** The first place from an offset on where a block starts; the end of the file, torn, where there is none. */
async function findBlock(window: FileWindow, from: number): Promise<{ offset: number; torn: boolean }> {
  for (let at = from; ; ) {
    const bytes = await window.at(at, scanBytes);
    if (bytes.length < blockMarker.length) return { offset: at + bytes.length, torn: true };
    const found = bytes.indexOf(blockMarker);
    if (found === -1) {
      at += bytes.length - blockMarker.length + 1;
    } else {
      at += found;
      if (await headAt(window, at)) return { offset: at, torn: false };
      at++;
    }
  }
}

/** Whether the blocks from one place on follow one another to exactly another place. */
async function leadsTo(window: FileWindow, from: number, end: number): Promise<boolean> {
  let at = from;
  while (at < end) {
    const head = await headAt(window, at);
    if (head === undefined) return false;
    at = head.end;
  }
  return at === end;
}

const scanBytes = 64 * 1024;

async function noBlock(window: FileWindow, name: string): Promise<CamflowError> {
  const version = readPreamble(await window.at(0, preambleBytes))?.version ?? blockVersion;
  if (version !== blockVersion) {
    return new CamflowError(
      'SOURCE_CORRUPT',
      `${name} has segment format version ${version}, not ${blockVersion}`,
      {
        hint: 'Read it with the release that wrote it.',
      },
    );
  }
  return new CamflowError('SOURCE_CORRUPT', `${name} holds no segment frame that can be read`);
}
