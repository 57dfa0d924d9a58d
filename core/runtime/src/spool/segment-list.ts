import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** A segment file of a spool. */
export interface SpoolSegment {
  readonly number: number;
  readonly path: string;
  sizeBytes: number;
  /** When something was last written to it, in milliseconds since 1970. */
  changedAtMs: number;
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
    const { size, mtimeMs } = await stat(file);
    segments.push({ number: Number(match[1]), path: file, sizeBytes: size, changedAtMs: mtimeMs });
  }
  return segments;
}
