import { type FileHandle, open } from 'node:fs/promises';
import { isCamflowError, type Logger } from '@camflow/api';
import { readSegment, type SegmentEvent, type UnitFrame, unitFrameOf } from '@camflow/segment';
import type { SpoolSegment } from './segment-list.ts';
import type { SpoolPlace } from './spool-state.ts';

/** What stands next in a spool. */
export interface SpoolRead {
  /** Records between the place that was asked for and the frame: damage took them. */
  readonly lost: number;
  /** Valid until the next read. Undefined where damage took everything up to the end. */
  readonly frame: UnitFrame | undefined;
  /** The place behind it. */
  readonly after: SpoolPlace;
}

/** Reads frames in order, over segments, past damage. */
export class SpoolReader {
  readonly #log: Logger;
  #open: OpenSegment | undefined;

  constructor(log: Logger) {
    this.#log = log;
  }

  /**
   * @param from - where to read
   * @param until - the end of what was written; nothing behind it is looked at
   * @param segments - what there is on the disk, the oldest first
   * @returns undefined at the end
   */
  async read(
    from: SpoolPlace,
    until: SpoolPlace,
    segments: readonly SpoolSegment[],
  ): Promise<SpoolRead | undefined> {
    if (from.frame >= until.frame && from.records >= until.records) return undefined;
    if (this.#open?.frame !== from.frame) await this.close();
    for (;;) {
      this.#open ??= await this.#openNext(from, until, segments);
      if (this.#open === undefined)
        return { lost: until.records - from.records, frame: undefined, after: until };
      const current = this.#open;
      const event = await current.next();
      if (event === undefined) {
        await this.close();
        // More may have been written since the segment was opened.
        const end = current.number === until.segment ? until.offset : Number.POSITIVE_INFINITY;
        const rest = current.end < end;
        from = {
          ...from,
          segment: rest ? current.number : current.number + 1,
          offset: rest ? current.end : 0,
        };
      } else if (event.kind === 'damage') {
        const { offset, byteLength } = event.region;
        this.#log.error('a spool is damaged; its records are counted as spool_damaged', {
          path: current.path,
          offset,
          bytes: byteLength,
        });
      } else if (event.kind === 'frame') {
        const frame = unitFrameOf(event.frame);
        if (frame === undefined || frame.number < from.frame) continue;
        const { number, recordsBefore, records, capturedAtMs } = frame;
        const after = {
          segment: current.number,
          offset: event.end,
          frame: number + 1,
          records: recordsBefore + records,
          capturedAtMs,
        };
        current.frame = after.frame;
        return { lost: Math.max(0, recordsBefore - from.records), frame, after };
      }
    }
  }

  async close(): Promise<void> {
    const old = this.#open;
    this.#open = undefined;
    await old?.close();
  }

  async #openNext(
    from: SpoolPlace,
    until: SpoolPlace,
    segments: readonly SpoolSegment[],
  ): Promise<OpenSegment | undefined> {
    for (const segment of segments) {
      if (segment.number < from.segment || segment.number > until.segment) continue;
      const start = segment.number === from.segment ? from.offset : 0;
      const end = segment.number === until.segment ? until.offset : Number.POSITIVE_INFINITY;
      if (start >= end) continue;
      try {
        return new OpenSegment(segment, await open(segment.path), start, end, from.frame);
      } catch (error) {
        this.#log.error('a segment of a spool cannot be opened', {
          path: segment.path,
          error: (error as Error).message,
        });
      }
    }
    return undefined;
  }
}

class OpenSegment {
  readonly number: number;
  readonly path: string;
  /** Where reading stops, in bytes. */
  readonly end: number;
  /** Number of the frame that comes next. */
  frame: number;
  readonly #file: FileHandle;
  readonly #events: AsyncGenerator<SegmentEvent, void, void>;

  constructor(segment: SpoolSegment, file: FileHandle, start: number, end: number, frame: number) {
    this.number = segment.number;
    this.path = segment.path;
    this.end = end;
    this.frame = frame;
    this.#file = file;
    this.#events = readSegment(file, segment.path, { start, end });
  }

  /** Undefined at the end. A file in which nothing can be read is as good as empty. */
  async next(): Promise<SegmentEvent | undefined> {
    try {
      const { value, done } = await this.#events.next();
      return done ? undefined : value;
    } catch (error) {
      if (isCamflowError(error) && error.code === 'SOURCE_CORRUPT') return undefined;
      throw error;
    }
  }

  async close(): Promise<void> {
    await this.#events.return().catch(() => undefined);
    await this.#file.close();
  }
}
