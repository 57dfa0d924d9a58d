import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdirSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Whole records, and no more than a pipe takes all or nothing of: a reader that is killed leaves no half record. */
const pieceBytes = 4096;
const recordBytes = 256;

/**
 * Pipes with the names of CamFlow's relay files. Like those they give each record once, keep what nobody reads yet,
 * and outlive their reader.
 */
export class RelayPipes {
  /** When each piece of a stream was written, in milliseconds since 1970. */
  readonly #writtenAt: number[][];
  readonly #pipes: readonly number[];
  readonly #streams: readonly Uint8Array[];
  #hurry = false;
  #stopped = false;

  /** @param streams - the short records of each CPU */
  constructor(folder: string, streams: readonly Uint8Array[]) {
    mkdirSync(folder);
    this.#streams = streams;
    this.#writtenAt = streams.map(() => []);
    this.#pipes = streams.map((_, cpu) => {
      const file = path.join(folder, `provenance${cpu}`);
      execFileSync('mkfifo', [file]);
      return openSync(file, constants.O_RDWR | constants.O_NONBLOCK);
    });
  }

  /** When a record was written, in milliseconds since 1970: it was read later. Undefined where it was not yet. */
  writtenAt(stream: number, record: number): number | undefined {
    return this.#writtenAt[stream]![Math.floor((record * recordBytes) / pieceBytes)];
  }

  /** Writes everything, at the pace of a machine at work until it is told to hurry. Settles when all is written. */
  async feed(): Promise<void> {
    const at = this.#streams.map(() => 0);
    while (!this.#stopped && this.#streams.some((bytes, i) => at[i]! < bytes.length)) {
      let wrote = false;
      for (const [i, bytes] of this.#streams.entries()) {
        if (at[i]! >= bytes.length) continue;
        const written = this.#write(i, bytes.subarray(at[i]!, at[i]! + pieceBytes));
        at[i]! += written;
        wrote ||= written > 0;
      }
      if (!wrote || !this.#hurry) await sleep(4);
    }
  }

  hurry(): void {
    this.#hurry = true;
  }

  close(): void {
    this.#stopped = true;
    for (const pipe of this.#pipes) closeSync(pipe);
  }

  #write(stream: number, piece: Uint8Array): number {
    try {
      const written = writeSync(this.#pipes[stream]!, piece);
      this.#writtenAt[stream]!.push(Date.now());
      return written;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }
}
