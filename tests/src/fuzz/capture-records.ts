import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { haveCaptures, unpackCaptures } from '../system/captures.ts';

/** The records of the captures of a CamFlow kernel; none where they are not beside this checkout. */
export function captureRecords(): { kind: 'short' | 'long'; bytes: Uint8Array }[] {
  if (!haveCaptures) return [];
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-fuzz-captures-'));
  try {
    unpackCaptures(folder);
    return readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((name) => /(short|long)\.cpu\d+\.bin$/.test(name))
      .sort()
      .map((name) => ({
        kind: path.basename(name).startsWith('long') ? 'long' : 'short',
        bytes: readFileSync(path.join(folder, name)),
      }));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
