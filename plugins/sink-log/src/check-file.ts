import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import {
  blockBytes,
  type ChainHash,
  type ChainNote,
  type ClosingLine,
  isNote,
  startOfChain,
} from './chain-format.ts';
import { type ChainEnds, linesBetween, readEnds } from './chain-reader.ts';
import { cellsOf, checkedCells, type FoundChange, locateChange } from './locate-change.ts';
import { chainSuffix, gzipSuffix } from './rotation.ts';

/** A log file with its chain. */
export interface CheckedFile {
  readonly path: string;
  readonly segment: number;
  readonly previous: string;
  /** What is wrong with it: one sentence; undefined where nothing is. */
  readonly problem: string | undefined;
  /** Undefined where the chain is not closed: the log is being written, or its recorder was killed. */
  readonly statement: ClosingLine | undefined;
  /** The hash that the chain ends with, which the next one must begin with. */
  readonly last: string;
  /** Number of the oldest file that the rules of the log had not removed; undefined where the chain does not say. */
  readonly oldest: number | undefined;
  readonly bytes: number;
}

/** Checks one log file against its chain. @throws the error of reading the chain */
export async function checkFile(file: string, chain: string = file + chainSuffix): Promise<CheckedFile> {
  const ends = await readEnds(chain);
  if (ends === undefined) {
    const nothing = { segment: 0, previous: '', statement: undefined, last: '', oldest: undefined, bytes: 0 };
    return { path: file, ...nothing, problem: 'its chain has no beginning' };
  }
  const { opening, statement, last } = ends;
  const comparison = new Comparison(ends, linesBetween(chain, ends));
  const problem = await comparison.run(file);
  return {
    path: file,
    segment: opening.segment,
    previous: opening.previous,
    problem,
    statement,
    last,
    oldest: statement?.oldest ?? comparison.oldest,
    bytes: comparison.bytes,
  };
}

/** Goes through a file and its chain side by side, up to where they differ. */
class Comparison {
  /** Bytes of the file that are as the chain has them. */
  bytes = 0;
  /** What the last note says. */
  oldest: number | undefined;
  readonly #statement: ClosingLine | undefined;
  readonly #lines: AsyncGenerator<string>;
  readonly #hash: ChainHash;

  constructor({ opening, statement }: ChainEnds, lines: AsyncGenerator<string>) {
    this.#statement = statement;
    this.#lines = lines;
    this.#hash = startOfChain(opening);
  }

  /** @returns what is wrong, if anything is */
  async run(file: string): Promise<string | undefined> {
    try {
      return (await this.#checkBlocks(file)) ?? this.#checkStatement();
    } finally {
      await this.#lines.return(undefined);
    }
  }

  async #checkBlocks(file: string): Promise<string | undefined> {
    if ((await storedAt(file)) === undefined) {
      // A recorder that was killed between the two may have begun the chain, and not yet the file.
      const isBegun = this.#statement !== undefined || (await this.#nextBlock()) !== undefined;
      return isBegun ? 'the file is missing, its chain is there' : undefined;
    }
    for await (const piece of blocksOf(file)) {
      const line = await this.#nextBlock();
      if (line === undefined) {
        // What follows the last whole block of a chain that is not closed is not on record yet.
        if (this.#statement === undefined) return undefined;
        return `byte ${this.bytes} and what follows was added`;
      }
      if (line === changedNote) return line;
      const problem = this.#checkBlock(piece, line);
      if (problem !== undefined) return problem;
      this.bytes += piece.length;
    }
    const left = await this.#nextBlock();
    return left === undefined || left === changedNote
      ? left
      : `byte ${this.bytes} and what follows is missing`;
  }

  /** The line of the next block, after the notes before it. */
  async #nextBlock(): Promise<string | undefined> {
    for (;;) {
      const { value: line, done } = await this.#lines.next();
      if (done) return undefined;
      const [known, text = ''] = line.split(' ');
      if (!isNote(text)) return line;
      if (this.#hash.add(text) !== known) return changedNote;
      this.oldest = (JSON.parse(text) as ChainNote).oldest;
    }
  }

  #checkBlock(piece: Buffer, line: string): string | undefined {
    const [known = '', checksums = ''] = line.split(' ');
    const before = this.#hash.value;
    if (this.#hash.add(piece) === known) return undefined;
    const end = this.bytes + piece.length;
    const isCut = this.#statement ? this.#statement.bytes > end : checkedCells(checksums) > cellsOf(piece);
    return isCut && piece.length < blockBytes
      ? `byte ${end} and what follows is missing`
      : describeChange(this.bytes, locateChange(piece, checksums, before, known));
  }

  #checkStatement(): string | undefined {
    if (this.#statement === undefined) return undefined;
    const { hash, ...rest } = this.#statement;
    const isRight = this.#hash.add(JSON.stringify(rest)) === hash && rest.bytes === this.bytes;
    return isRight ? undefined : 'its closing statement was changed';
  }
}

const changedNote = 'a note in its chain was changed';

function describeChange(start: number, { from, to, written }: FoundChange): string {
  if (written === undefined) return `the first bad byte is between ${start + from} and ${start + to}`;
  return `the first bad byte is ${start + from}, where 0x${written.toString(16).padStart(2, '0')} was written`;
}

/** The blocks of a log; the last one may be shorter. */
async function* blocksOf(file: string): AsyncGenerator<Buffer> {
  let rest: Buffer = Buffer.alloc(0);
  for await (const piece of piecesOf(file)) {
    const bytes = rest.length > 0 ? Buffer.concat([rest, piece]) : piece;
    let at = 0;
    for (; at + blockBytes <= bytes.length; at += blockBytes) yield bytes.subarray(at, at + blockBytes);
    rest = bytes.subarray(at);
  }
  if (rest.length > 0) yield rest;
}

/** What a log holds from some byte on, compressed or not, in pieces of any length; nothing where it is missing. */
export async function* piecesOf(file: string, from = 0): AsyncGenerator<Buffer> {
  const stored = await storedAt(file);
  if (stored === undefined) return;
  if (!stored.endsWith(gzipSuffix)) {
    yield* createReadStream(stored, { start: from, highWaterMark: readBytes });
    return;
  }
  let left = from;
  try {
    // The callback keeps an error of the file from being nobody's; it reaches the loop as well.
    for await (const chunk of pipeline(createReadStream(stored), createGunzip(), () => {})) {
      const piece: Buffer = chunk.subarray(left);
      left -= chunk.length - piece.length;
      yield piece;
    }
  } catch (error) {
    // A compressed file that was changed does not unpack any more: what could be unpacked was right up to here.
    if (!(error as NodeJS.ErrnoException).code?.startsWith('Z_')) throw error;
  }
}

/** The path of a log, or of what it was compressed to; undefined where there is neither. */
async function storedAt(file: string): Promise<string | undefined> {
  for (const each of [file, file + gzipSuffix]) if (await stat(each).catch(() => undefined)) return each;
  return undefined;
}

/** Bytes of a log that are read at once. */
const readBytes = 1 << 20;
