import { type FileHandle, open } from 'node:fs/promises';
import { abiCamflow09, type Logger, type LossCounters, type Origin } from '@camflow/api';
import type { RelayPath } from './relay-folder.ts';
import type { InputBatch, ReplayInput } from './replay-input.ts';

/** Where a stream stands: all files of a stream, and all rounds of a loop, are one sequence. */
interface Progress {
  records: number;
  bytes: number;
}

interface OpenFile {
  readonly handle: FileHandle;
  readonly path: RelayPath;
  readonly modifiedMs: number;
  /** Bytes of whole records taken so far. */
  taken: number;
}

/** Reads raw relay files one after another, straight into slabs. */
export class FolderInput implements ReplayInput {
  readonly origin: Origin;
  readonly #paths: readonly RelayPath[];
  readonly #log: Logger;
  readonly #progress = new Map<string, Progress>();
  #next = 0;
  #file: OpenFile | undefined;

  constructor(paths: readonly RelayPath[], origin: Origin, log: Logger) {
    this.origin = origin;
    this.#paths = paths;
    this.#log = log;
  }

  async fill(slab: Uint8Array): Promise<InputBatch | null> {
    this.#file ??= await this.#openNext();
    if (this.#file === undefined) return null;
    const { path, handle, modifiedMs } = this.#file;
    const { shortBytes, longBytes } = abiCamflow09.framing;
    const recordBytes = path.stream.kind === 'long' ? longBytes : shortBytes;
    const wanted = slab.length - (slab.length % recordBytes);
    const filled = await readFully(handle, slab.subarray(0, wanted));
    const partial = filled % recordBytes;
    const byteLength = filled - partial;
    const key = `${path.stream.kind}${path.stream.cpu}`;
    const { records, bytes } = this.#progress.get(key) ?? { records: 0, bytes: 0 };
    this.#progress.set(key, { records: records + byteLength / recordBytes, bytes: bytes + byteLength });
    this.#file.taken += byteLength;
    if (filled < wanted) await this.#finish(partial);
    return {
      abi: abiCamflow09.id,
      stream: path.stream,
      byteLength,
      position: bytes,
      firstSequence: records,
      capturedAtMs: modifiedMs,
      loss: partial > 0 ? { truncated: 1 } : noLoss,
      securityContexts: [],
    };
  }

  async rewind(): Promise<void> {
    await this.close();
    this.#next = 0;
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.handle.close();
  }

  async #openNext(): Promise<OpenFile | undefined> {
    const path = this.#paths[this.#next++];
    if (path === undefined) return undefined;
    const handle = await open(path.path);
    const modifiedMs = Math.floor((await handle.stat()).mtimeMs);
    return { handle, path, modifiedMs, taken: 0 };
  }

  async #finish(partialBytes: number): Promise<void> {
    const { path, taken } = this.#file!;
    await this.close();
    if (partialBytes > 0) {
      this.#log.warn('A relay file ends inside a record', {
        path: path.path,
        position: taken,
        bytes: partialBytes,
      });
    }
  }
}

const noLoss: LossCounters = {};

/** Reads until the memory is full or the file ends. */
async function readFully(handle: FileHandle, target: Uint8Array): Promise<number> {
  let filled = 0;
  while (filled < target.length) {
    const { bytesRead } = await handle.read(target, filled, target.length - filled, null);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return filled;
}
