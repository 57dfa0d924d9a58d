import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Logger } from '@camflow/api';
import { isNote } from './chain-format.ts';
import { type ChainEnds, linesBetween, readEnds } from './chain-reader.ts';
import { ChainWriter } from './chain-writer.ts';
import { checkFile, piecesOf } from './check-file.ts';
import { chainSuffix, logOfChain, moveAside, moveChainAside, unlessMissing } from './rotation.ts';
import { findMoved } from './verify-chain.ts';

/** What the next chain of a log goes on from. */
export interface ChainState {
  /** Number of the file before; 0 where there is none. */
  readonly segment: number;
  /** The hash that its chain ends with; empty where there is none. */
  readonly hash: string;
  /** Number of the oldest file that the rules of the log have not removed. */
  readonly oldest: number;
}

/** A log as a run finds it. */
export interface FoundLog {
  readonly path: string;
  readonly sizeBytes: number;
  readonly logger: Logger;
  /** Puts the statement of a recorder that was killed under its chain, and closes it. */
  close(chain: ChainWriter, segment: number, oldest: number): Promise<unknown>;
}

/**
 * Takes over what an earlier run left: closes its chain where it was killed, and gives log and chain the name of an old
 * file. A chain of nothing stays, to be replaced: runs without records push out no old file, and use up no number.
 */
export async function recoverChain(found: FoundLog): Promise<ChainState> {
  const { path: log, sizeBytes } = found;
  const closed = (await chainsOf(log)).findLast(({ statement }) => statement !== undefined);
  let oldest = closed?.statement?.oldest ?? 1;
  const own = await endsOf(log + chainSuffix);
  if (own !== undefined && own.statement === undefined) oldest = await closeLeftover(found, own, oldest);
  if (sizeBytes > 0) await moveAside(log);
  else if (own !== undefined && !(await isOfBlocks(log + chainSuffix, own)))
    return { segment: own.opening.segment - 1, hash: own.opening.previous, oldest };
  else await moveChainAside(log);
  const newest = (await chainsOf(log)).at(-1);
  return { segment: newest?.opening.segment ?? 0, hash: newest?.last ?? '', oldest };
}

/**
 * Closes the chain of a recorder that was killed, if what it wrote is as it left it. The chain is added to, in pieces:
 * a kill, or a full disk, leaves it as good as it was.
 * @returns number of the oldest file, as the notes in the chain have it
 */
async function closeLeftover(
  { path: log, sizeBytes, logger, close }: FoundLog,
  ends: ChainEnds,
  known: number,
): Promise<number> {
  const found = (sizeBytes > 0 ? undefined : await findMoved(log)) ?? (await checkFile(log));
  const oldest = Math.max(known, found.oldest ?? 1);
  if (found.problem !== undefined) {
    logger.error('the log was changed since it was written; its chain is left open', {
      path: log,
      problem: found.problem,
    });
    return oldest;
  }
  const chain = await ChainWriter.resume(log + chainSuffix, ends, found.bytes);
  try {
    for await (const piece of piecesOf(found.path, found.bytes)) await chain.add(piece);
    await close(chain, ends.opening.segment, oldest);
  } finally {
    await chain.release();
  }
  return oldest;
}

/** The chains of a log that have a beginning, in their order. Verifying tells what is wrong with others. */
async function chainsOf(log: string): Promise<ChainEnds[]> {
  const folder = path.dirname(log);
  const names = (await readdir(folder)).filter((each) => logOfChain(each) === path.basename(log));
  const found = await Promise.all(names.map((each) => endsOf(path.join(folder, each))));
  return found.filter((each) => each !== undefined).sort((a, b) => a.opening.segment - b.opening.segment);
}

/** How a chain begins and ends; undefined where it is missing or has no beginning. */
export async function endsOf(chain: string): Promise<ChainEnds | undefined> {
  return await readEnds(chain).catch((error) => unlessMissing(error) ?? undefined);
}

/** Whether a chain is of a file that holds, or held, something. */
async function isOfBlocks(chain: string, ends: ChainEnds): Promise<boolean> {
  if (ends.statement !== undefined) return ends.statement.bytes > 0;
  for await (const line of linesBetween(chain, ends)) if (!isNote(line.split(' ')[1] ?? '')) return true;
  return false;
}
