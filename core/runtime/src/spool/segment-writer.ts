import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import path from 'node:path';
import type { Origin } from '@camflow/api';
import { encodeHeader } from '@camflow/segment';
import { type SpoolSegment, segmentPath } from './segment-list.ts';
import { syncFolder } from './sync-folder.ts';

/** Appends to one segment file. A write that fails leaves whole frames only. */
export class SegmentWriter {
  readonly segment: SpoolSegment;
  readonly #file: FileHandle;
  /** Bytes before the first frame. */
  #headBytes = 0;
  #unsynced = false;
  /** A file that is on the disk and not in its folder is lost all the same. */
  #inFolder = false;

  private constructor(segment: SpoolSegment, file: FileHandle) {
    this.segment = segment;
    this.#file = file;
  }

  static async create(folder: string, number: number, origin: Origin): Promise<SegmentWriter> {
    const file = segmentPath(folder, number);
    const { O_WRONLY, O_CREAT, O_EXCL } = constants;
    const handle = await open(file, O_WRONLY | O_CREAT | O_EXCL, 0o600);
    const now = performance.now();
    const segment = { number, path: file, sizeBytes: 0, changedAtMs: now, beganAtMs: now };
    const writer = new SegmentWriter(segment, handle);
    try {
      await writer.append([encodeHeader({ ...origin, createdAtMs: Date.now(), continued: true })]);
    } catch (error) {
      await handle.close();
      // The next attempt begins it anew.
      await unlink(file).catch(() => {});
      throw error;
    }
    writer.#headBytes = segment.sizeBytes;
    return writer;
  }

  /** Whether nothing was written to it yet. */
  get isFresh(): boolean {
    return this.segment.sizeBytes === this.#headBytes;
  }

  /** Writes pieces one after another, all or none of them. */
  async append(pieces: readonly Uint8Array[]): Promise<void> {
    const { segment } = this;
    let left = pieces.filter((piece) => piece.length > 0);
    let at = segment.sizeBytes;
    this.#unsynced = true;
    try {
      while (left.length > 0) {
        const { bytesWritten } = await this.#file.writev(left.slice(0, mostPieces), at);
        at += bytesWritten;
        left = withoutFirst(left, bytesWritten);
      }
    } catch (error) {
      await this.#file.truncate(segment.sizeBytes).catch(() => {});
      throw error;
    }
    segment.sizeBytes = at;
    segment.changedAtMs = performance.now();
  }

  async sync(): Promise<void> {
    if (!this.#unsynced) return;
    this.#unsynced = false;
    try {
      await this.#file.datasync();
      if (!this.#inFolder) await syncFolder(path.dirname(this.segment.path));
      this.#inFolder = true;
    } catch (error) {
      this.#unsynced = true;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

/** The kernel takes no more than 1024 at once. */
const mostPieces = 512;

function withoutFirst(pieces: readonly Uint8Array[], bytes: number): Uint8Array[] {
  let skip = bytes;
  let index = 0;
  while (index < pieces.length && skip >= pieces[index]!.length) skip -= pieces[index++]!.length;
  const rest = pieces.slice(index);
  if (skip > 0) rest[0] = rest[0]!.subarray(skip);
  return rest;
}
