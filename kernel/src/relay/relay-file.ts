import { closeSync, constants, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { abiCamflow09, CamflowError, type StreamId } from '@camflow/api';
import type { RelayName } from './relay-names.ts';

/** Where a stream stands. It outlives its file: a CPU may go and come back. */
export interface RelayProgress {
  /** Whole records handed out. */
  records: number;
  /** Their bytes. */
  bytes: number;
}

/** What one read of a relay file gave. */
export interface RelayRead {
  readonly stream: StreamId;
  /** Bytes of whole records at the start of the memory; 0 where there was nothing. */
  readonly byteLength: number;
  /** Where in its stream the first byte stands. */
  readonly position: number;
  /** Number of the first record within its stream. */
  readonly firstSequence: number;
  /** Whether the memory was filled: more may be waiting. Else the relay was empty when the read ended. */
  readonly full: boolean;
}

const nothingNow = new Set(['EAGAIN', 'EINTR']);
const gone = new Set(['ESTALE', 'EIO', 'ENODEV', 'ENXIO']);

/** One relay file, open. Reading consumes; only one reader may have it. */
export class RelayFile {
  readonly path: string;
  readonly stream: StreamId;
  readonly #fd: number;
  readonly #recordBytes: number;
  readonly #progress: RelayProgress;
  /** The start of a record whose rest comes with the next read. */
  #remainder: Uint8Array = new Uint8Array(0);
  #gone = false;

  /** @throws the error of open, with its `code` */
  constructor(folder: string, { name, stream }: RelayName, progress: RelayProgress) {
    this.path = join(folder, name);
    this.stream = stream;
    const { shortBytes, longBytes } = abiCamflow09.framing;
    this.#recordBytes = stream.kind === 'long' ? longBytes : shortBytes;
    this.#progress = progress;
    this.#fd = openSync(this.path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOFOLLOW);
  }

  /** Whether the file is no more: nothing will come from it. */
  get isGone(): boolean {
    return this.#gone;
  }

  /** Whether a record has begun and not ended. */
  get holdsPartialRecord(): boolean {
    return this.#remainder.length > 0;
  }

  /**
   * Makes one read(2), for as many whole records as the memory holds.
   * @throws CamflowError `SOURCE_FAILED`
   */
  read(into: Uint8Array): RelayRead {
    const wanted = into.length - (into.length % this.#recordBytes);
    const held = this.#remainder.length;
    into.set(this.#remainder);
    const filled = held + this.#consume(into, held, wanted - held);
    const byteLength = filled - (filled % this.#recordBytes);
    this.#remainder = into.slice(byteLength, filled);
    const { bytes: position, records: firstSequence } = this.#progress;
    this.#progress.bytes += byteLength;
    this.#progress.records += byteLength / this.#recordBytes;
    return { stream: this.stream, byteLength, position, firstSequence, full: filled === wanted };
  }

  close(): void {
    closeSync(this.#fd);
  }

  #consume(into: Uint8Array, offset: number, length: number): number {
    try {
      return readSync(this.#fd, into, offset, length, null);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (gone.has(code)) this.#gone = true;
      else if (!nothingNow.has(code)) {
        throw new CamflowError('SOURCE_FAILED', `Cannot read the relay file ${this.path}`, { cause: error });
      }
      return 0;
    }
  }
}
