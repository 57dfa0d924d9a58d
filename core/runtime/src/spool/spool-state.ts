import { constants } from 'node:fs';
import { type FileHandle, open, rename, stat } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { blockTypes, encodePlainHead, type Metadata, readSegment } from '@camflow/segment';
import type { SpoolTarget } from './spool-plan.ts';
import { syncFolder } from './sync-folder.ts';

/** A place between two frames of a spool. */
export interface SpoolPlace {
  /** Number of the segment file. */
  readonly segment: number;
  /** Bytes from its start. */
  readonly offset: number;
  /** Number of the frame that follows. */
  readonly frame: number;
  /** Records of all frames before. */
  readonly records: number;
  /** When those of the frame before were captured, in milliseconds since 1970; absent where that is not known. */
  readonly capturedAtMs?: number;
}

/** What survives of a spool beside its units. */
export interface SpoolState {
  /** Up to where the output has acknowledged. */
  readonly read: SpoolPlace;
  /** Up to where was written when this was saved; more may have been written since. */
  readonly written: SpoolPlace;
  /** Whether the recorder ended by itself after this was saved. */
  readonly clean: boolean;
  /** What the units are for. */
  readonly target: SpoolTarget;
  /** The accounts of the output, as its ledger keeps them. */
  readonly ledger: Metadata;
}

const fileName = 'state';
const largestBytes = 256 * 1024;

/**
 * Least time from the beginning of a write to that of the next, in milliseconds: an output that is quick moves on a
 * thousand times a second, and is given again no more than this after a kill.
 */
const intervalMs = 10;

/**
 * The journal of a spool's state: each save appends a frame, the last whole one holds. Synced only where something
 * hangs on it: after a power cut an older state holds, and what was acknowledged since is given to the output again.
 */
export class SpoolStateFile {
  readonly #folder: string;
  #file: FileHandle;
  #sizeBytes: number;
  /** The write that is under way; never rejects. */
  #writing: Promise<unknown> = Promise.resolve();
  #beganAtMs = Number.NEGATIVE_INFINITY;
  /** What the next write takes: that of the last who asked for it. */
  #take!: () => SpoolState;
  #next: Promise<void> | undefined;

  private constructor(folder: string, file: FileHandle, sizeBytes: number) {
    this.#folder = folder;
    this.#file = file;
    this.#sizeBytes = sizeBytes;
  }

  /** Begins a journal anew with one state. */
  static async create(folder: string, state: SpoolState): Promise<SpoolStateFile> {
    const { file, sizeBytes } = await writeAnew(folder, state);
    return new SpoolStateFile(folder, file, sizeBytes);
  }

  /**
   * Saves the state as it is when the write begins, so calls that come before that share it.
   * @returns settles when a state of now or later is written
   */
  save(take: () => SpoolState): Promise<void> {
    this.#take = take;
    this.#next ??= this.#begin();
    return this.#next;
  }

  /** What was saved before survives a power cut from now on. */
  async sync(): Promise<void> {
    await this.#file.datasync();
  }

  async close(): Promise<void> {
    while (this.#next !== undefined) await this.#next.catch(() => undefined);
    await this.#writing;
    await this.#file.close();
  }

  /** Waits for its turn, and writes. */
  async #begin(): Promise<void> {
    await this.#writing;
    const leftMs = this.#beganAtMs + intervalMs - performance.now();
    if (leftMs > 0) await sleep(leftMs);
    this.#beganAtMs = performance.now();
    this.#next = undefined;
    const written = this.#write(this.#take());
    this.#writing = written.catch(() => undefined);
    await written;
  }

  async #write(state: SpoolState): Promise<void> {
    if (this.#sizeBytes > largestBytes) {
      const old = this.#file;
      const { file, sizeBytes } = await writeAnew(this.#folder, state);
      this.#file = file;
      this.#sizeBytes = sizeBytes;
      await old.close();
      return;
    }
    // A disk that takes a part refuses the rest, and says why.
    for (let left = encodeState(state); left.length > 0; ) {
      const { bytesWritten } = await this.#file.write(left);
      this.#sizeBytes += bytesWritten;
      left = left.subarray(bytesWritten);
    }
  }
}

/** The last state that was saved to a folder; undefined where there is none that can be read. */
export async function loadSpoolState(folder: string): Promise<SpoolState | undefined> {
  const name = path.join(folder, fileName);
  let file: FileHandle;
  try {
    file = await open(name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  let last: SpoolState | undefined;
  try {
    for await (const event of readSegment(file, name)) {
      if (event.kind === 'frame' && event.frame.type === blockTypes.state)
        last = stateOf(event.frame.metadata) ?? last;
    }
  } catch {
    // Nothing in it can be read: as if it were not there.
  } finally {
    await file.close();
  }
  return last;
}

/** When the state of a folder was last saved, in milliseconds since 1970; 0 where it never was. */
export async function stateSavedAtMs(folder: string): Promise<number> {
  try {
    return (await stat(path.join(folder, fileName))).mtimeMs;
  } catch {
    return 0;
  }
}

async function writeAnew(
  folder: string,
  state: SpoolState,
): Promise<{ readonly file: FileHandle; readonly sizeBytes: number }> {
  const draft = path.join(folder, `${fileName}.new`);
  const { O_WRONLY, O_CREAT, O_TRUNC, O_APPEND, O_NOFOLLOW } = constants;
  const file = await open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW, 0o600);
  try {
    const frame = encodeState(state);
    await file.writeFile(frame);
    await file.datasync();
    await rename(draft, path.join(folder, fileName));
    await syncFolder(folder);
    return { file, sizeBytes: frame.length };
  } catch (error) {
    await file.close();
    throw error;
  }
}

function encodeState(state: SpoolState): Uint8Array {
  return encodePlainHead(blockTypes.state, { ...state }, []);
}

function stateOf({ read, written, clean, target, ledger }: Metadata): SpoolState | undefined {
  if (!isPlace(read) || !isPlace(written) || typeof clean !== 'boolean') return undefined;
  if (typeof ledger !== 'object' || ledger === null) return undefined;
  return { read, written, clean, target: targetOf(target), ledger: ledger as Metadata };
}

function targetOf(value: unknown): SpoolTarget {
  const { place, format } = (value ?? {}) as Record<string, unknown>;
  return { place: String(place ?? ''), format: String(format ?? '') };
}

function isPlace(value: unknown): value is SpoolPlace {
  const { segment, offset, frame, records } = (value ?? {}) as Record<string, unknown>;
  return [segment, offset, frame, records].every(
    (part) => Number.isSafeInteger(part) && (part as number) >= 0,
  );
}
