import type { FileHandle } from 'node:fs/promises';

const windowBytes = 256 * 1024;

/** Looks at a file through a buffer of bounded size, at any offset. */
export class FileWindow {
  readonly #file: FileHandle;
  readonly #limit: number;
  #buffer: Buffer = Buffer.allocUnsafe(windowBytes);
  #offset = 0;
  #filled = 0;
  #reachesEnd = false;

  /** @param limit - where the file is taken to end */
  constructor(file: FileHandle, limit: number = Number.POSITIVE_INFINITY) {
    this.#file = file;
    this.#limit = limit;
  }

  /**
   * The bytes at an offset, fewer where the file ends before. Valid until the next call.
   * @throws the error of the read, with its `code`
   */
  async at(offset: number, length: number): Promise<Buffer> {
    const beyond = offset + length > this.#offset + this.#filled && !this.#reachesEnd;
    if (offset < this.#offset || beyond) await this.#load(offset, length);
    const start = offset - this.#offset;
    return this.#buffer.subarray(start, Math.min(start + length, this.#filled));
  }

  /** Reads what is not in the buffer yet: all that was asked for, and of what follows no more than fills a window. */
  async #load(offset: number, length: number): Promise<void> {
    const kept = offset < this.#offset ? 0 : Math.max(0, this.#offset + this.#filled - offset);
    const keptFrom = offset - this.#offset;
    const old = this.#buffer;
    if (length > old.length) this.#buffer = Buffer.allocUnsafe(length);
    if (kept > 0) old.copy(this.#buffer, 0, keptFrom, keptFrom + kept);
    this.#offset = offset;
    this.#filled = kept;
    this.#reachesEnd = false;
    const wanted = Math.max(length, windowBytes);
    while (this.#filled < wanted) {
      const room = Math.min(wanted - this.#filled, this.#limit - offset - this.#filled);
      const { bytesRead } =
        room > 0
          ? await this.#file.read(this.#buffer, this.#filled, room, offset + this.#filled)
          : { bytesRead: 0 };
      if (bytesRead === 0) {
        this.#reachesEnd = true;
        return;
      }
      this.#filled += bytesRead;
    }
  }
}
