import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { describeError, type SinkContext, type SinkStart, type UnitBatch, unitId } from '@camflow/api';
import type { ChainOpening, ChainStatement } from './chain-format.ts';
import { readEnds } from './chain-reader.ts';
import { ChainWriter } from './chain-writer.ts';
import type { LogOptions } from './options.ts';
import { chainSuffix, compressFile, moveAside, moveChainAside, retire } from './rotation.ts';
import { checkFile } from './verify-chain.ts';

/** What becomes of a log beside its bytes: when it begins anew, its old files, and its chain of hashes. */
export class LogArchive {
  readonly #options: LogOptions;
  readonly #log: SinkContext['log'];
  readonly #start: SinkStart;
  #chain: ChainWriter | undefined;
  #units = 0;
  #records = 0;
  #first = '';
  #last = '';
  /** Work on old files, which writing does not wait for. */
  #tidying: Promise<void> = Promise.resolve();

  constructor(options: LogOptions, log: SinkContext['log'], start: SinkStart) {
    this.#options = options;
    this.#log = log;
    this.#start = start;
  }

  /**
   * Begins a run. With a chain every run has a file of its own: what an earlier one left gets the name of an old file.
   * @param sizeBytes - of the log as it was found
   */
  async begin(sizeBytes: number): Promise<void> {
    const { path: log, chain } = this.#options;
    if (!chain) return;
    if (sizeBytes > 0) {
      await this.#closeLeftover();
      await moveAside(log);
    }
    await this.#openChain();
  }

  /** The log begins anew: it gets the name of an old file, and the next one is to be opened in its place. */
  async rotate(): Promise<void> {
    await this.#closeChain();
    const old = await moveAside(this.#options.path);
    await this.#openChain();
    this.#tidying = this.#tidying.then(() => this.#tidy(old));
  }

  /**
   * Somebody else moved the log away, or emptied it: its chain is closed, and the next one begun. `camflow verify` finds
   * the file by what it holds.
   * @param sizeBytes - of what is in its place
   */
  async succeed(sizeBytes: number): Promise<void> {
    if (this.#chain === undefined) return;
    await this.#closeChain();
    await moveChainAside(this.#options.path);
    if (sizeBytes > 0) await moveAside(this.#options.path);
    await this.#openChain();
  }

  /** Units are in the log for good. */
  async written(units: UnitBatch, from: number, to: number): Promise<void> {
    if (this.#chain === undefined) return;
    const start = from === 0 ? 0 : units.ends[from - 1]!;
    await this.#chain.add(units.bytes.subarray(start, units.ends[to - 1]!));
    this.#units += to - from;
    for (let i = from; i < to; i++) this.#records += units.records[i]!;
    if (this.#first === '') this.#first = unitId(units, from) ?? '';
    this.#last = unitId(units, to - 1) ?? '';
  }

  async close(): Promise<void> {
    await this.#closeChain();
    await this.#tidying;
  }

  async #openChain(): Promise<void> {
    if (!this.#options.chain) return;
    const before = await lastStatement(this.#options.path);
    const opening: ChainOpening = {
      version: 1,
      segment: before.segment + 1,
      previous: before.hash,
      opened: new Date().toISOString(),
      policy: this.#start.policyHash ?? '',
    };
    this.#chain = await ChainWriter.create(this.#options.path + chainSuffix, opening);
    this.#units = 0;
    this.#records = 0;
    this.#first = '';
    this.#last = '';
  }

  async #closeChain(): Promise<void> {
    const chain = this.#chain;
    this.#chain = undefined;
    if (chain === undefined) return;
    const hash = await chain.close(await this.#statement(chain.opening.segment, false));
    // Who keeps this line elsewhere can tell even that the whole chain was written anew.
    this.#log.info('closed a log', { path: this.#options.path, segment: chain.opening.segment, hash });
  }

  async #statement(segment: number, killed: boolean): Promise<Omit<ChainStatement, 'bytes'>> {
    const numbers = (await chainsOf(this.#options.path)).map((each) => each.segment);
    return {
      closed: new Date().toISOString(),
      killed,
      units: this.#units,
      records: this.#records,
      losses: { ...this.#start.losses?.() },
      first: this.#first,
      last: this.#last,
      oldest: Math.min(segment, ...numbers),
    };
  }

  /** Closes the chain of a recorder that was killed, if what it wrote is as it left it. */
  async #closeLeftover(): Promise<void> {
    const { path: log } = this.#options;
    const found = await checkFile(log).catch(() => undefined);
    if (found === undefined || found.statement !== undefined) return;
    if (found.problem !== undefined) {
      this.#log.error('the log was changed since it was written; its chain is left open', {
        path: log,
        problem: found.problem,
      });
      return;
    }
    const bytes = await readFile(log);
    const opening = JSON.parse((await readFile(log + chainSuffix, 'utf8')).split('\n')[0]!) as ChainOpening;
    const chain = await ChainWriter.create(log + chainSuffix, opening);
    await chain.add(bytes);
    await chain.close(await this.#statement(opening.segment, true));
  }

  async #tidy(old: string): Promise<void> {
    const { path: log, rotation } = this.#options;
    try {
      if (rotation.compress) await compressFile(old);
      const removed = await retire(log, rotation, Date.now());
      if (removed > 0) this.#log.info('removed old logs', { path: log, removed });
    } catch (error) {
      this.#log.error('old logs cannot be looked after', { path: log, error: describeError(error) });
    }
  }
}

/** Number and closing hash of the newest chain of a log that is closed. */
async function lastStatement(log: string): Promise<{ readonly segment: number; readonly hash: string }> {
  const newest = (await chainsOf(log)).sort((a, b) => a.segment - b.segment).at(-1);
  return newest ?? { segment: 0, hash: '' };
}

async function chainsOf(log: string): Promise<{ readonly segment: number; readonly hash: string }[]> {
  const name = path.basename(log);
  const names = (await readdir(path.dirname(log))).filter(
    (each) => each.startsWith(name) && each.endsWith(chainSuffix),
  );
  const chains: { segment: number; hash: string }[] = [];
  for (const each of names) {
    const ends = await readEnds(path.join(path.dirname(log), each));
    // Verifying tells what is wrong with one that has no beginning.
    if (ends !== undefined) chains.push({ segment: ends.opening.segment, hash: ends.last });
  }
  return chains;
}
