import type { Stats } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type SinkContext, type SinkStart, type UnitBatch, unitId } from '@camflow/api';
import { type ChainOpening, type ChainStatement, isNote } from './chain-format.ts';
import { type ChainEnds, linesBetween, readEnds } from './chain-reader.ts';
import { ChainWriter } from './chain-writer.ts';
import { checkFile, piecesOf } from './check-file.ts';
import { Housekeeping } from './housekeeping.ts';
import type { LogOptions } from './options.ts';
import { chainSuffix, moveAside, moveChainAside, type OldFile, unlessMissing } from './rotation.ts';
import { findMoved } from './verify-chain.ts';

/** What tells one file from another, whatever its name. */
export type FileIdentity = Pick<Stats, 'dev' | 'ino'>;

/** Whether two names are of one file. */
export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.ino === b.ino && a.dev === b.dev;
}

/** What a chain says of the one before it. */
interface ClosedChain {
  readonly segment: number;
  readonly hash: string;
}

/** What becomes of a log beside its bytes: when it begins anew, its old files, and its chain of hashes. */
export class LogArchive {
  readonly #options: LogOptions;
  readonly #log: SinkContext['log'];
  readonly #start: SinkStart;
  #chain: ChainWriter | undefined;
  /** Number of the file that is written. */
  #segment = 0;
  /** The file before it: what was closed in this run is not looked for in the folder, where it may be gone. */
  #before: ClosedChain = { segment: 0, hash: '' };
  /** Number of the oldest file that the rules of the log have not removed, of this run and those before. */
  #oldest = 1;
  #units = 0;
  #records = 0;
  #first = '';
  #last = '';
  readonly #housekeeping: Housekeeping;

  constructor(options: LogOptions, log: SinkContext['log'], start: SinkStart) {
    this.#options = options;
    this.#log = log;
    this.#start = start;
    this.#housekeeping = new Housekeeping(options, log, (files) => this.#noteRemoval(files));
  }

  /**
   * Begins a run. With a chain every run has a file of its own: what an earlier one left gets the name of an old file.
   * @param sizeBytes - of the log as it was found
   */
  async begin(sizeBytes: number): Promise<void> {
    if (this.#options.chain) await this.#beginChain(sizeBytes);
    this.#housekeeping.begin();
  }

  /**
   * The log that was written gets the name of an old file. Where somebody else moved it away, its chain does alone:
   * `camflow verify` finds the file by what it holds. What is in its place then, and is not empty, is no log of this run.
   * May be called again where it failed.
   */
  async setAside(written: FileIdentity): Promise<void> {
    const { path: log } = this.#options;
    const now = await stat(log).catch(() => undefined);
    if (now === undefined || !isSameFile(now, written)) await moveChainAside(log);
    if (now !== undefined && (isSameFile(now, written) || now.size > 0)) await moveAside(log);
  }

  /** Somebody else emptied the log: the chain of what it held gets a name of its own. */
  async setChainAside(): Promise<void> {
    await moveChainAside(this.#options.path);
  }

  /** Units are in the log for good. */
  async written(units: UnitBatch, from: number, to: number): Promise<void> {
    if (this.#chain === undefined) return;
    const start = from === 0 ? 0 : units.ends[from - 1]!;
    // What the disk has no room for now is written with what follows: the units are in the log.
    await this.#chain.add(units.bytes.subarray(start, units.ends[to - 1]!)).catch(() => {});
    this.#units += to - from;
    for (let i = from; i < to; i++) this.#records += units.records[i]!;
    if (this.#first === '') this.#first = unitId(units, from) ?? '';
    this.#last = unitId(units, to - 1) ?? '';
  }

  /** Closes the chain; lets go of it also where that fails. */
  async close(): Promise<void> {
    try {
      await this.#housekeeping.end();
      await this.closeChain();
    } finally {
      await this.release();
    }
  }

  /** Lets go of everything, and leaves the chain to the next run. */
  async release(): Promise<void> {
    await this.#housekeeping.end();
    await this.#chain?.release();
    this.#chain = undefined;
  }

  /** Begins the chain of the next file. */
  async openChain(): Promise<void> {
    if (!this.#options.chain) return;
    const segment = this.#before.segment + 1;
    const opening: ChainOpening = {
      version: 1,
      segment,
      previous: this.#before.hash,
      opened: new Date().toISOString(),
      policy: this.#start.policyHash ?? '',
    };
    this.#chain = await ChainWriter.create(this.#options.path + chainSuffix, opening);
    this.#segment = segment;
    this.#units = 0;
    this.#records = 0;
    this.#first = '';
    this.#last = '';
  }

  /** Closes the chain of the file that was written. May be called again where it failed. */
  async closeChain(): Promise<void> {
    const chain = this.#chain;
    if (chain === undefined) return;
    const hash = await this.#finishChain(chain, this.#segment, false);
    this.#chain = undefined;
    this.#before = { segment: this.#segment, hash };
  }

  /** Looks after the old files, which writing does not wait for. */
  tidy(): void {
    this.#housekeeping.tidy();
  }

  async #finishChain(chain: ChainWriter, segment: number, killed: boolean): Promise<string> {
    const hash = await chain.close(this.#statement(killed));
    // Who keeps this line elsewhere can tell even that the whole chain was written anew.
    if (chain.bytes > 0) this.#log.info('closed a log', { path: this.#options.path, segment, hash });
    return hash;
  }

  #statement(killed: boolean): Omit<ChainStatement, 'bytes'> {
    return {
      closed: new Date().toISOString(),
      killed,
      units: this.#units,
      records: this.#records,
      losses: { ...this.#start.losses?.() },
      first: this.#first,
      last: this.#last,
      oldest: this.#oldest,
    };
  }

  /**
   * Only what this output removes itself makes another file the oldest one. It stands in the chain before anything is
   * removed, so that no kill leaves a removal without its note.
   * @returns whether the files may be removed now
   */
  async #noteRemoval(files: readonly OldFile[]): Promise<boolean> {
    if (!this.#options.chain) return true;
    const ends = await Promise.all(files.map((file) => endsOf(file.path + chainSuffix)));
    const oldest = Math.max(...ends.map((each) => each?.opening.segment ?? 0)) + 1;
    if (oldest <= this.#oldest) return true;
    const chain = this.#chain;
    // A rotation is under way; it ends with the next occasion.
    if (chain === undefined || chain.isSealed) return false;
    this.#oldest = oldest;
    await chain.note({ oldest, noted: new Date().toISOString() });
    return true;
  }

  async #beginChain(sizeBytes: number): Promise<void> {
    const { path: log } = this.#options;
    const closed = (await chainsOf(log)).findLast(({ statement }) => statement !== undefined);
    this.#oldest = closed?.statement?.oldest ?? 1;
    const own = await endsOf(log + chainSuffix);
    if (own !== undefined && own.statement === undefined) await this.#closeLeftover(own, sizeBytes);
    // A chain of nothing is replaced, so that runs without records push out no old file; its number is free again.
    const replaced = sizeBytes === 0 && own && !(await isOfBlocks(log + chainSuffix, own)) ? own : undefined;
    if (sizeBytes > 0) await moveAside(log);
    else if (replaced === undefined) await moveChainAside(log);
    const newest = replaced ? undefined : (await chainsOf(log)).at(-1);
    if (replaced !== undefined)
      this.#before = { segment: replaced.opening.segment - 1, hash: replaced.opening.previous };
    else if (newest !== undefined) this.#before = { segment: newest.opening.segment, hash: newest.last };
    await this.openChain();
  }

  /**
   * Closes the chain of a recorder that was killed, if what it wrote is as it left it. The chain is added to, in pieces:
   * a kill, or a full disk, leaves it as good as it was.
   */
  async #closeLeftover(ends: ChainEnds, sizeBytes: number): Promise<void> {
    const { path: log } = this.#options;
    const chain = log + chainSuffix;
    const found = sizeBytes > 0 ? await checkFile(log) : ((await findMoved(log)) ?? (await checkFile(log)));
    this.#oldest = Math.max(this.#oldest, found.oldest ?? 1);
    if (found.problem !== undefined) {
      this.#log.error('the log was changed since it was written; its chain is left open', {
        path: log,
        problem: found.problem,
      });
      return;
    }
    const writer = await ChainWriter.resume(chain, ends, found.bytes);
    try {
      for await (const piece of piecesOf(found.path, found.bytes)) await writer.add(piece);
      await this.#finishChain(writer, ends.opening.segment, true);
    } finally {
      await writer.release();
    }
  }
}

/** The chains of a log that have a beginning, in their order. Verifying tells what is wrong with others. */
async function chainsOf(log: string): Promise<ChainEnds[]> {
  const folder = path.dirname(log);
  const names = (await readdir(folder)).filter(
    (each) => each.startsWith(path.basename(log)) && each.endsWith(chainSuffix),
  );
  const found = await Promise.all(names.map((each) => endsOf(path.join(folder, each))));
  return found.filter((each) => each !== undefined).sort((a, b) => a.opening.segment - b.opening.segment);
}

async function endsOf(chain: string): Promise<ChainEnds | undefined> {
  return await readEnds(chain).catch((error) => unlessMissing(error) ?? undefined);
}

/** Whether a chain is of a file that holds, or held, something. */
async function isOfBlocks(chain: string, ends: ChainEnds): Promise<boolean> {
  if (ends.statement !== undefined) return ends.statement.bytes > 0;
  for await (const line of linesBetween(chain, ends)) if (!isNote(line.split(' ')[1] ?? '')) return true;
  return false;
}
