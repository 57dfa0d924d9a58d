import { constants } from 'node:fs';
import { type FileHandle, open, rename, unlink } from 'node:fs/promises';
import {
  blockBytes,
  blockLine,
  ChainHash,
  type ChainNote,
  type ChainOpening,
  type ChainStatement,
  noteLine,
  startOfChain,
} from './chain-format.ts';
import type { ChainEnds } from './chain-reader.ts';
import { draftSuffix } from './rotation.ts';

/** Writes the chain of a log file as the file grows. */
export class ChainWriter {
  readonly #file: FileHandle;
  readonly #hash: ChainHash;
  #open: Buffer = Buffer.alloc(0);
  #bytes = 0;
  /** What is to be written to the chain, and where. */
  #text = '';
  #at = 0;
  #isSealed = false;
  /** Settles when what was begun on the file has: notes come while blocks are written. */
  #turn: Promise<unknown> = Promise.resolve();

  private constructor(file: FileHandle, hash: ChainHash) {
    this.#file = file;
    this.#hash = hash;
  }

  /** Begins a chain, in place of what has its name: it is there with its opening, or not at all. */
  static async create(path: string, opening: ChainOpening): Promise<ChainWriter> {
    const { O_WRONLY, O_CREAT, O_TRUNC, O_NOFOLLOW } = constants;
    const draft = path + draftSuffix;
    const file = await open(draft, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0o640);
    try {
      const writer = new ChainWriter(file, startOfChain(opening));
      writer.#text = `${JSON.stringify(opening)}\n`;
      await writer.#write();
      await file.datasync();
      await rename(draft, path);
      return writer;
    } catch (error) {
      await file.close();
      await unlink(draft).catch(() => {});
      throw error;
    }
  }

  /** Goes on with a chain that was left open, behind its last whole line; nothing of it is written anew. */
  static async resume(path: string, { last, to }: ChainEnds, bytes: number): Promise<ChainWriter> {
    const file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
    try {
      await file.truncate(to);
    } catch (error) {
      await file.close();
      throw error;
    }
    const writer = new ChainWriter(file, new ChainHash(last));
    writer.#at = to;
    writer.#bytes = bytes;
    return writer;
  }

  /** Bytes of the log so far. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * Bytes were added to the log.
   * @throws the error of writing; they are part of the chain even so, and written with what follows
   */
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
    await this.#inTurn(() => this.#write());
  }

  /** Whether the chain has its statement, on the disk or not: nothing comes behind it. */
  get isSealed(): boolean {
    return this.#isSealed;
  }

  /** Puts a note into a chain that is not sealed; it is on the disk then. */
  async note(note: ChainNote): Promise<void> {
    this.#text += noteLine(this.#hash, note);
    await this.#inTurn(async () => {
      await this.#write();
      await this.#file.datasync();
    });
  }

  /**
   * Closes the chain. Where that fails, it may be called again: the statement of the first call stays.
   * @returns the hash of the whole chain, which the next one begins with
   */
  async close(statement: Omit<ChainStatement, 'bytes'>): Promise<string> {
    if (!this.#isSealed) this.#seal({ ...statement, bytes: this.#bytes });
    await this.#inTurn(async () => {
      await this.#write();
      await this.#file.datasync();
      await this.#file.close();
    });
    return this.#hash.value;
  }

  /** Lets go of the file, closed or not. */
  async release(): Promise<void> {
    await this.#inTurn(() => this.#file.close());
  }

  #seal(statement: ChainStatement): void {
    if (this.#open.length > 0) this.#text += blockLine(this.#hash, this.#open);
    const hash = this.#hash.add(JSON.stringify(statement));
    this.#text += `${JSON.stringify({ ...statement, hash })}\n`;
    this.#isSealed = true;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => {});
    return done;
  }

  async #write(): Promise<void> {
    const text = this.#text;
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; )
      done += (await this.#file.write(bytes, done, bytes.length - done, this.#at + done)).bytesWritten;
    this.#at += bytes.length;
    // More may have come meanwhile.
    this.#text = this.#text.slice(text.length);
  }
}
