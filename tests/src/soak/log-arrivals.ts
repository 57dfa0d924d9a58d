import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

/** Counts what is in the files of a log that rotates, each once it is written no more and before it is removed. */
export class LogArrivals {
  lines = 0;
  bytes = 0;
  readonly #log: string;
  readonly #counted = new Set<string>();

  constructor(log: string) {
    this.#log = log;
  }

  /** Those that were rotated since the last call. */
  async countRotated(): Promise<void> {
    const folder = path.dirname(this.#log);
    for (const name of await readdir(folder).catch(() => []))
      if (name !== path.basename(this.#log)) await this.#count(path.join(folder, name));
  }

  /** All that are left, when the log has ended. */
  async countAll(): Promise<void> {
    await this.countRotated();
    await this.#count(this.#log);
  }

  async #count(file: string): Promise<void> {
    // By name: a file that is rotated has one of its own, and keeps it.
    if (this.#counted.has(file)) return;
    this.#counted.add(file);
    const { size } = await stat(file);
    for await (const chunk of createReadStream(file, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>)
      for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) this.lines++;
    this.bytes += size;
  }
}
