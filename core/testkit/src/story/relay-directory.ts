import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import type { Story } from './story.ts';

/** What was written. */
export interface RelayDirectory {
  readonly records: number;
  /** Paths of the files, `short.cpuN.bin` and `long.cpuN.bin`. */
  readonly files: readonly string[];
}

/**
 * Writes a story as raw relay bytes, one file per CPU and kind, as a capture of a CamFlow kernel is kept. The
 * folder is made where it does not exist; files in it are written anew.
 */
export function writeRelayDirectory(folder: string, story: Story): RelayDirectory {
  mkdirSync(folder, { recursive: true });
  const open = new Map<string, number>();
  let records = 0;
  try {
    for (const chunk of story.chunks()) {
      const file = path.join(folder, `${chunk.stream.kind}.cpu${chunk.stream.cpu}.bin`);
      const fd = open.get(file) ?? openSync(file, 'w', 0o640);
      open.set(file, fd);
      writeWhole(fd, chunk.bytes);
      records += chunk.records;
    }
  } finally {
    for (const fd of open.values()) closeSync(fd);
  }
  return { records, files: [...open.keys()] };
}

function writeWhole(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
