import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import {
  blockBytes,
  blockLine,
  type ChainHash,
  type ChainOpening,
  type ChainStatement,
  startOfChain,
} from './chain-format.ts';

/** Writes the chain of a log file as the file grows. */
export class ChainWriter {
  readonly opening: ChainOpening;
  readonly #file: FileHandle;
  readonly #hash: ChainHash;
  #open: Buffer = Buffer.alloc(0);
  #bytes = 0;
  /** What is to be written to the chain, and where. */
  #text = '';
  #at = 0;

  private constructor(file: FileHandle, opening: ChainOpening) {
    this.#file = file;
    this.opening = opening;
    this.#hash = startOfChain(opening);
  }

  static async create(path: string, opening: ChainOpening): Promise<ChainWriter> {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const file = await open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o640);
    const writer = new ChainWriter(file, opening);
    writer.#text = `${JSON.stringify(opening)}\n`;
    await writer.#flush();
    return writer;
  }

  /** Bytes of the log so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Bytes were added to the log. Never fails: what the disk has no room for now is written with what follows. */
  async add(bytes: Uint8Array): Promise<void> {
    this.#bytes += bytes.length;
    const waiting =
      this.#open.length > 0
        ? Buffer.concat([this.#open, bytes])
        : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    let at = 0;
    for (; at + blockBytes <= waiting.length; at += blockBytes)
      this.#text += blockLine(this.#hash, waiting.subarray(at, at + blockBytes));
    this.#open = Buffer.from(waiting.subarray(at));
    await this.#flush().catch(() => {});
  }

  /** @returns the hash of the whole chain, which the next one begins with */
  async close(statement: Omit<ChainStatement, 'bytes'>): Promise<string> {
    if (this.#open.length > 0) this.#text += blockLine(this.#hash, this.#open);
    this.#open = Buffer.alloc(0);
    const whole: ChainStatement = { ...statement, bytes: this.#bytes };
    const hash = this.#hash.add(JSON.stringify(whole));
    this.#text += `${JSON.stringify({ ...whole, hash })}\n`;
    await this.#flush();
    await this.#file.datasync();
    await this.#file.close();
    return hash;
  }

  async #flush(): Promise<void> {
    const bytes = Buffer.from(this.#text);
    for (let done = 0; done < bytes.length; )
      done += (await this.#file.write(bytes, done, bytes.length - done, this.#at + done)).bytesWritten;
    this.#at += bytes.length;
    this.#text = '';
  }
}
