import type { StreamId } from '@camflow/api';
import type { UnitFrameInfo } from '@camflow/segment';
import { nameOfStream } from '../gaps/gap.ts';
import { unitFrames } from './recover-spool.ts';
import type { SpoolSegment } from './segment-list.ts';

/** Records that a spool has no more, of one stream as far as that is known. */
export interface LostExtent {
  readonly stream: StreamId | undefined;
  readonly count: number;
  /** When the first was captured, in milliseconds since 1970. */
  readonly fromMs: number;
  /** When the last was captured. */
  readonly untilMs: number;
}

/** What the frames of a segment say about themselves, as far as it can be read. @param start - in bytes */
export async function framesIn(segment: SpoolSegment, start: number): Promise<UnitFrameInfo[]> {
  const frames: UnitFrameInfo[] = [];
  try {
    for await (const { info } of unitFrames(segment, start)) frames.push(info);
  } catch (error) {
    // Somebody removed it: what it held is known by number only.
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return frames;
}

/**
 * What was lost, by stream, with the interval in which each was captured.
 * @param records - that were lost: what frames do not tell of is of no known stream
 * @param sinceMs - before which moment nothing of it was captured, where that is known
 */
export function extentsOf(
  frames: readonly Pick<UnitFrameInfo, 'stream' | 'records' | 'capturedAtMs'>[],
  records: number,
  sinceMs: number | undefined,
): LostExtent[] {
  const extents = new Map<string, LostExtent>();
  let [unknown, fromMs, untilMs] = [records, sinceMs ?? Number.POSITIVE_INFINITY, 0];
  for (const { stream, records: count, capturedAtMs } of frames) {
    fromMs = Math.min(fromMs, capturedAtMs);
    untilMs = Math.max(untilMs, capturedAtMs);
    if (count === 0) continue;
    const before = extents.get(nameOfStream(stream));
    extents.set(nameOfStream(stream), {
      stream,
      count: count + (before?.count ?? 0),
      fromMs: Math.min(capturedAtMs, before?.fromMs ?? capturedAtMs),
      untilMs: Math.max(capturedAtMs, before?.untilMs ?? capturedAtMs),
    });
    unknown -= count;
  }
  const all = [...extents.values()];
  if (unknown <= 0) return all;
  const lastMs = untilMs || Date.now();
  return [...all, { stream: undefined, count: unknown, fromMs: Math.min(fromMs, lastMs), untilMs: lastMs }];
}
