import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { CamflowError, type LossCause } from '@camflow/api';
import type { UnitFrame } from '@camflow/segment';
import { Ledger } from '../delivery/ledger.ts';
import { listSegments } from './segment-list.ts';
import { spoolHolder } from './spool-lock.ts';
import { SpoolReader } from './spool-reader.ts';
import { loadSpoolState, type SpoolPlace } from './spool-state.ts';

/** A spool as someone finds it who does not own it. */
export interface FoundSpool {
  /** The output it belongs to. */
  readonly output: string;
  readonly folder: string;
  /** Records that wait, as far as they can be read. */
  readonly records: number;
  readonly sizeBytes: number;
  /** The process that it belongs to now; undefined where it belongs to none. */
  readonly holder: number | undefined;
  /** Accounts over all runs, as last saved. */
  readonly delivered: number;
  readonly dropped: Readonly<Partial<Record<LossCause, number>>>;
}

/** The spools below a folder. @throws CamflowError `SPOOL_UNAVAILABLE` */
export async function listSpools(spoolDir: string): Promise<FoundSpool[]> {
  try {
    const entries = await readdir(spoolDir, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    return await Promise.all(names.sort().map((name) => inspect(path.join(spoolDir, name))));
  } catch (error) {
    throw unavailable(spoolDir, error);
  }
}

/** What an output lost over all its runs, by cause. */
export interface OutputLosses {
  readonly records: FoundSpool['dropped'];
  /** Gaps of which nobody knows how many records they are. */
  readonly unknownGaps: FoundSpool['dropped'];
}

/** What the outputs that have accounts below a folder lost over all runs; empty where there are none. */
export async function outputLosses(spoolDir: string): Promise<Map<string, OutputLosses>> {
  const losses = new Map<string, OutputLosses>();
  for (const name of (await readdir(spoolDir).catch(() => [])).sort()) {
    const state = await loadSpoolState(path.join(spoolDir, name)).catch(() => undefined);
    if (state === undefined) continue;
    const { dropped: records, unknown: unknownGaps } = Ledger.restore(state.ledger);
    losses.set(decodeURIComponent(name), { records, unknownGaps });
  }
  return losses;
}

/** Spools below a folder in which units may wait, and which belong to none of some outputs: their names. */
export async function spoolsOfOthers(spoolDir: string, outputs: readonly string[]): Promise<string[]> {
  const folders = await readdir(spoolDir).catch(() => []);
  const others = folders.filter((name) => !outputs.some((output) => encodeURIComponent(output) === name));
  const waiting: string[] = [];
  for (const name of others) {
    const segments = await listSegments(path.join(spoolDir, name)).catch(() => []);
    if (segments.length > 0) waiting.push(decodeURIComponent(name));
  }
  return waiting;
}

/**
 * The units that wait in a spool, in order; nothing is changed. Of a spool that is being written, those that were
 * there at the start. Each is valid until the next is asked for.
 */
export async function* readSpool(folder: string): AsyncGenerator<UnitFrame, void, void> {
  const segments = await listSegments(folder).catch((error: unknown) => {
    throw unavailable(folder, error);
  });
  const state = await loadSpoolState(folder);
  const reader = new SpoolReader({ debug() {}, info() {}, warn() {}, error() {} });
  const last = segments.at(-1);
  const start = { segment: segments[0]?.number ?? 0, offset: 0, frame: 0, records: 0 };
  let from: SpoolPlace = state?.read ?? start;
  const most = Number.MAX_SAFE_INTEGER;
  const until = { segment: last?.number ?? 0, offset: last?.sizeBytes ?? 0, frame: most, records: most };
  try {
    for (;;) {
      const read = await reader.read(from, until, segments);
      if (read?.frame === undefined) return;
      yield read.frame;
      from = read.after;
    }
  } finally {
    await reader.close();
  }
}

/** Removes a spool with everything in it. @throws CamflowError `SPOOL_UNAVAILABLE` where a recorder has it */
export async function removeSpool(folder: string): Promise<void> {
  const holder = await spoolHolder(folder);
  if (holder !== undefined) {
    throw new CamflowError(
      'SPOOL_UNAVAILABLE',
      `The spool ${folder} belongs to process ${holder}, which runs`,
      {
        hint: 'Stop that recorder first.',
      },
    );
  }
  await rm(folder, { recursive: true });
}

async function inspect(folder: string): Promise<FoundSpool> {
  let records = 0;
  for await (const frame of readSpool(folder)) records += frame.records;
  const segments = await listSegments(folder);
  const ledger = Ledger.restore((await loadSpoolState(folder))?.ledger);
  return {
    output: decodeURIComponent(path.basename(folder)),
    folder,
    records,
    sizeBytes: segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
    holder: await spoolHolder(folder),
    delivered: ledger.delivered,
    dropped: ledger.dropped,
  };
}

function unavailable(folder: string, cause: unknown): CamflowError {
  return new CamflowError('SPOOL_UNAVAILABLE', `There are no spools to be read in ${folder}`, {
    cause,
    hint: 'Name the folder with --spool-dir, or the configuration of the recorder with --config.',
  });
}
