import { open, truncate, unlink } from 'node:fs/promises';
import { isCamflowError, type Logger } from '@camflow/api';
import { readSegment, type UnitFrameInfo, unitFrameOf } from '@camflow/segment';
import type { SpoolSegment } from './segment-list.ts';
import type { SpoolPlace, SpoolState } from './spool-state.ts';

/** A parcel that was written after the state was saved. */
export interface RecoveredParcel extends UnitFrameInfo {
  /** Records of all its frames. */
  readonly parcelRecords: number;
}

/** Where a spool stands after its writer has gone. */
export interface RecoveredSpool {
  readonly read: SpoolPlace;
  readonly written: SpoolPlace;
  readonly parcels: readonly RecoveredParcel[];
}

/**
 * Finds the end of a spool: what was written after its state was saved is looked through, and what a killed writer
 * left half-done at the end is cut off. Its batch was not committed.
 * @param segments - those whose files change or go are changed too
 */
export async function recoverSpool(
  segments: SpoolSegment[],
  state: SpoolState | undefined,
  log: Logger,
): Promise<RecoveredSpool> {
  const start = { segment: segments[0]?.number ?? 0, offset: 0, frame: 0, records: 0 };
  let read = state?.read;
  let whole = state?.written ?? start;
  const parcels: RecoveredParcel[] = [];
  let open: { records: number } | undefined;
  for (const segment of segments) {
    if (state !== undefined && segment.number < state.written.segment) continue;
    const from = segment.number === state?.written.segment ? state.written.offset : 0;
    for await (const { info, end } of unitFrames(segment, from)) {
      if (state !== undefined && info.number < state.written.frame) continue;
      const { number, recordsBefore, records, capturedAtMs, last } = info;
      read ??= { segment: segment.number, offset: 0, frame: number, records: recordsBefore };
      open = { records: (open?.records ?? 0) + records };
      if (!last) continue;
      parcels.push({ ...info, parcelRecords: open.records });
      open = undefined;
      whole = {
        segment: segment.number,
        offset: end,
        frame: number + 1,
        records: recordsBefore + records,
        capturedAtMs,
      };
    }
  }
  await cutOff(segments, whole, log);
  return { read: read ?? whole, written: whole, parcels };
}

/** The frames of a segment from a place on, past damage. */
export async function* unitFrames(
  segment: SpoolSegment,
  start: number,
): AsyncGenerator<{ readonly info: UnitFrameInfo; readonly end: number }> {
  const file = await open(segment.path);
  try {
    for await (const event of readSegment(file, segment.path, { start })) {
      if (event.kind !== 'frame') continue;
      const info = unitFrameOf(event.frame);
      if (info !== undefined) yield { info, end: event.end };
    }
  } catch (error) {
    // Nothing in it can be read: the frames before and after it tell what it held.
    if (!isCamflowError(error) || error.code !== 'SOURCE_CORRUPT') throw error;
  } finally {
    await file.close();
  }
}

async function cutOff(segments: SpoolSegment[], whole: SpoolPlace, log: Logger): Promise<void> {
  for (const segment of [...segments].reverse()) {
    if (segment.number < whole.segment) break;
    const keep = segment.number === whole.segment ? whole.offset : 0;
    if (segment.sizeBytes <= keep) continue;
    log.warn('the end of a spool is not whole and is cut off; its source was not told of it', {
      path: segment.path,
      bytes: segment.sizeBytes - keep,
    });
    if (keep === 0) {
      await unlink(segment.path);
      segments.splice(segments.indexOf(segment), 1);
    } else {
      await truncate(segment.path, keep);
      segment.sizeBytes = keep;
    }
  }
}
