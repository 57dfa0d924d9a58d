import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStory, writeRelayDirectory } from '@camflow/testkit';

/** Raw relay files, and how often to read them. */
export interface PipelineInput {
  readonly folder: string;
  /** Times that the files are read. */
  readonly loop: number;
  /** Records in all. */
  readonly records: number;
}

const recordsOnDisk = 50_000;

/** Writes a story of whole-system records to a temporary folder, to be read again until there were enough. */
export function createPipelineInput(records: number): PipelineInput {
  const folder = mkdtempSync(path.join(tmpdir(), 'camflow-bench-'));
  const written = writeRelayDirectory(folder, createStory({ records: recordsOnDisk, seed: 11 })).records;
  const loop = Math.max(1, Math.round(records / written));
  return { folder, loop, records: written * loop };
}
