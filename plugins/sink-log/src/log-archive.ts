import { stat } from 'node:fs/promises';
import { type SinkContext, type SinkStart, type UnitBatch, unitId } from '@camflow/api';
import type { ChainOpening, ChainStatement } from './chain-format.ts';
import { type ChainState, endsOf, recoverChain } from './chain-recovery.ts';
import { ChainWriter } from './chain-writer.ts';
import { Housekeeping } from './housekeeping.ts';
import { type FileIdentity, isSameFile } from './log-file.ts';
import type { LogOptions } from './options.ts';
import { chainSuffix, moveAside, moveChainAside, type OldFile } from './rotation.ts';

/** What becomes of a log beside its bytes: when it begins anew, its old files, and its chain of hashes. */
export class LogArchive {
  readonly #options: LogOptions;
  readonly #log: SinkContext['log'];
  readonly #start: SinkStart;
  #chain: ChainWriter | undefined;
  /** Number of the file that is written. */
  #segment = 0;
  /** What it goes on from: what this run closed is not looked for in the folder, where it may be gone. */
  #before: Pick<ChainState, 'segment' | 'hash'> = { segment: 0, hash: '' };
  /** Number of the oldest file that the rules of the log have not removed, and the one that is noted on the disk. */
  #oldest = 1;
  #notedOldest = 1;
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
    if (this.#options.chain) {
      const state = await recoverChain({
        path: this.#options.path,
        sizeBytes,
        logger: this.#log,
        close: (chain, segment, oldest) => {
          this.#oldest = oldest;
          return this.#finishChain(chain, segment, true);
        },
      });
      this.#before = state;
      this.#oldest = state.oldest;
      this.#notedOldest = state.oldest;
      await this.openChain();
    }
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
    if (oldest <= this.#notedOldest) return true;
    const chain = this.#chain;
    // A rotation is under way; it ends with the next occasion.
    if (chain === undefined || chain.isSealed) return false;
    // A statement that closes the chain meanwhile says so as well.
    this.#oldest = Math.max(this.#oldest, oldest);
    await chain.note({ oldest, noted: new Date().toISOString() });
    this.#notedOldest = oldest;
    return true;
  }
}
