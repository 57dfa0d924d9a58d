import { createHash, type Hash } from 'node:crypto';
import { cellChecksums } from './locate-change.ts';

/**
 * A chain of hashes over a log file, in a file of its own: a line of JSON that opens it, a line with the hash of each
 * whole block and the checksums of its cells, between them notes with their hashes, and a statement that closes it. Each
 * hash is SHA-256 over the one before, in hexadecimal, and what it is of. docs/tamper-evidence.md is for users.
 */
export const blockBytes = 4096;

/** How a chain begins. */
export interface ChainOpening {
  readonly version: 1;
  /** Number of the file within the chain, from 1. */
  readonly segment: number;
  /** The hash that closed the chain of the file before; empty for the first. */
  readonly previous: string;
  /** When, in UTC. */
  readonly opened: string;
  readonly policy: string;
}

/** What stands in a chain between the blocks before old files are removed by the rules of the log. */
export interface ChainNote {
  /** Number of the oldest file that is kept. */
  readonly oldest: number;
  readonly noted: string;
}

/** How a chain ends. */
export interface ChainStatement {
  readonly closed: string;
  /** Whether the recorder was killed and the next one closed the chain: then figures of units are not known. */
  readonly killed: boolean;
  readonly bytes: number;
  readonly units: number;
  readonly records: number;
  /** Records that the output had lost since the run began, by cause. */
  readonly losses: Readonly<Record<string, number>>;
  /** Identifiers of the first and the last unit; empty where there are none. */
  readonly first: string;
  readonly last: string;
  /** Number of the oldest file that had not been removed by the rules of the log. */
  readonly oldest: number;
}

/** The line of a statement: with the hash of the whole chain, that of the statement included. */
export type ClosingLine = ChainStatement & { readonly hash: string };

/** Hashes one after another. */
export class ChainHash {
  #last: string;

  constructor(start: string) {
    this.#last = start;
  }

  /** The hash of all so far. */
  get value(): string {
    return this.#last;
  }

  /** Goes on with some bytes. */
  add(...parts: readonly (Uint8Array | string)[]): string {
    const hash: Hash = createHash('sha256').update(this.#last);
    for (const part of parts) hash.update(part);
    this.#last = hash.digest('hex');
    return this.#last;
  }
}

/** The line of a block: goes on with its hash. */
export function blockLine(hash: ChainHash, block: Uint8Array): string {
  return `${hash.add(block)} ${cellChecksums(block)}\n`;
}

/** Whether what follows the hash in a line is a note; the checksums of a block have no brace. */
export function isNote(text: string): boolean {
  return text.startsWith('{');
}

/** The line of a note: goes on with its hash. */
export function noteLine(hash: ChainHash, note: ChainNote): string {
  const text = JSON.stringify(note);
  return `${hash.add(text)} ${text}\n`;
}

/** The hash that a chain starts from. */
export function startOfChain(opening: ChainOpening): ChainHash {
  const hash = new ChainHash(opening.previous);
  hash.add(JSON.stringify(opening));
  return hash;
}
