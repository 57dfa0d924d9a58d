import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A segment file of a spool. */
export interface SpoolSegment {
  readonly number: number;
  readonly path: string;
  sizeBytes: number;
  /** When something was last written to it, by the clock of `performance.now`, which nobody sets. */
  changedAtMs: number;
  /** When it was begun, by the same clock. */
  readonly beganAtMs: number;
}

const pattern = /^([0-9]{12})\.segment$/;

/** The path of a segment. */
export function segmentPath(folder: string, number: number): string {
  return path.join(folder, `${String(number).padStart(12, '0')}.segment`);
}

/** The segments of a folder, the oldest first. */
export async function listSegments(folder: string): Promise<SpoolSegment[]> {
  const segments: SpoolSegment[] = [];
  for (const name of (await readdir(folder)).sort()) {
    const match = pattern.exec(name);
    if (match === null) continue;
    const file = path.join(folder, name);
    const { size, mtimeMs, birthtimeMs } = await stat(file);
    const ago = (ms: number): number => performance.now() - Math.max(0, Date.now() - ms);
    // Not every file system knows when a file was made.
    const times = { changedAtMs: ago(mtimeMs), beganAtMs: ago(birthtimeMs || mtimeMs) };
    segments.push({ number: Number(match[1]), path: file, sizeBytes: size, ...times });
  }
  return segments;
}
