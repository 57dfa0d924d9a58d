import type { FileHandle } from 'node:fs/promises';
import type { StreamId } from '@camflow/api';
import type { SegmentHeader } from './header.ts';
import { type RecordFrame, recordFrameInfo, recordFrameOf } from './record-frame.ts';
import { type DamagedRegion, readSegment } from './segment-reader.ts';

/** What stands next in a capture file. */
export type RecordEvent =
  | { readonly kind: 'header'; readonly header: SegmentHeader }
  | {
      readonly kind: 'records';
      /** Valid until the next event is asked for. */
      readonly frame: RecordFrame;
      /** Records of this stream that damaged regions before this frame held, by the gap in its sequence. */
      readonly lostBefore: number;
    }
  | {
      readonly kind: 'damage';
      readonly region: DamagedRegion;
      /**
       * Records that the region held; undefined where it does not say so itself. The number then shows at the
       * next frame of each stream that lost some, as `lostBefore`; of a stream that never comes again it stays
       * unknown.
       */
      readonly lostRecords: number | undefined;
    };

/**
 * Reads the records of a capture file and counts, exactly, those that damage took where frames after it tell.
 * A count by a gap includes records of the gap that a policy had left out of the file. Frames of other kinds
 * are passed over.
 *
 * @param file - a seekable file; not closed
 * @param name - what to call the file in messages
 * @throws CamflowError as `readSegment` does
 */
export async function* readRecords(file: FileHandle, name: string): AsyncGenerator<RecordEvent, void, void> {
  const sequences = new StreamSequences();
  for await (const event of readSegment(file, name)) {
    if (event.kind === 'header') {
      sequences.restart(event.header.continued);
      yield event;
    } else if (event.kind === 'frame') {
      const frame = recordFrameOf(event.frame);
      if (frame) yield { kind: 'records', frame, lostBefore: sequences.pass(frame) };
    } else {
      const { block } = event.region;
      const info = block && recordFrameInfo(block.type, block.metadata);
      const lostRecords = info && sequences.pass(info) + info.records;
      if (block === undefined) sequences.doubt();
      yield { kind: 'damage', region: event.region, lostRecords: block && !info ? 0 : lostRecords };
    }
  }
}

/** Follows the sequence of each stream, and compares where damage makes a gap possible. */
class StreamSequences {
  /** Sequence of the next record, by stream. */
  readonly #next = new Map<string, number>();
  /** Streams whose sequence was confirmed since the last damage. */
  readonly #confirmed = new Set<string>();
  #damaged = false;
  /** Sequence of the first record of a stream, where it is known. */
  #first: number | undefined;

  restart(continued: boolean): void {
    this.#next.clear();
    this.#confirmed.clear();
    this.#damaged = false;
    this.#first = continued ? undefined : 0;
  }

  doubt(): void {
    this.#confirmed.clear();
    this.#damaged = true;
  }

  /** Goes past a frame; the result is the number of records missing before it. */
  pass(frame: { stream: StreamId; firstSequence: number; span: number }): number {
    const stream = `${frame.stream.kind}${frame.stream.cpu}`;
    const expected = this.#next.get(stream) ?? this.#first;
    const compare = this.#damaged && !this.#confirmed.has(stream) && expected !== undefined;
    this.#next.set(stream, frame.firstSequence + frame.span);
    this.#confirmed.add(stream);
    return compare ? Math.max(0, frame.firstSequence - expected) : 0;
  }
}
