import { mkdirSync, mkdtempSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createStory, writeRelayDirectory } from '@camflow/testkit';

/** Raw relay files, and how often to read them. */
export interface PipelineInput {
  readonly name: 'short' | 'mixed';
  readonly folder: string;
  /** Times that the files are read. */
  readonly loop: number;
  /** Records in all. */
  readonly records: number;
}

/** Inputs of a benchmark, below one temporary folder. */
export interface PipelineInputs {
  readonly root: string;
  readonly inputs: readonly PipelineInput[];
}

/** Some tens of megabytes of each kind: as much as a busy minute, and more than a cache holds. */
const recordsOnDisk = 200_000;
const longBytes = 4280;

/**
 * Writes a story of whole-system records to a temporary folder, to be read again until there were enough: the
 * short records alone, and all of them together, of which every tenth is a long one.
 */
export function createPipelineInputs(records: number): PipelineInputs {
  const root = mkdtempSync(path.join(tmpdir(), 'camflow-bench-'));
  const mixed = path.join(root, 'mixed');
  const short = path.join(root, 'short');
  mkdirSync(short);
  const written = writeRelayDirectory(mixed, createStory({ records: recordsOnDisk, seed: 11 }));
  for (const name of readdirSync(mixed).filter((file) => file.startsWith('short'))) {
    symlinkSync(path.join(mixed, name), path.join(short, name));
  }
  const longRecords = written.files
    .filter((file) => path.basename(file).startsWith('long'))
    .reduce((sum, file) => sum + statSync(file).size / longBytes, 0);
  const input = (name: PipelineInput['name'], folder: string, each: number): PipelineInput => {
    const loop = Math.max(1, Math.round(records / each));
    return { name, folder, loop, records: each * loop };
  };
  return {
    root,
    inputs: [input('short', short, written.records - longRecords), input('mixed', mixed, written.records)],
  };
}
