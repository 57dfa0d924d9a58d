import { link, readdir, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { isSameFile } from './log-file.ts';

/** What a chain of hashes is kept in, beside the file that it is of. */
export const chainSuffix = '.chain';
/** What a file is called until it is whole. */
export const draftSuffix = '.part';
/** What a file is called that was compressed. */
export const gzipSuffix = '.gz';
const stamp = String.raw`\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\d\.\d{3}Z(-\d+)?`;
const stampPattern = new RegExp(`^${stamp}(\\.gz)?$`);
const chainPattern = new RegExp(`(${stamp})?\\.chain$`);

const stampLength = '2026-01-01T00-00-00.000Z'.length;

/** When a log begins anew, and what becomes of the old files. */
export interface RotationRules {
  /** Bytes that a file may have; 0 for any number. */
  readonly sizeBytes: number;
  /** Milliseconds after which a file is closed; 0 for never. */
  readonly intervalMs: number;
  readonly compress: boolean;
  /** Old files that are kept; 0 for all. */
  readonly keep: number;
  /** Milliseconds that old files are kept; 0 for ever. */
  readonly keepMs: number;
}

/** Gives the log, and its chain, the name of an old file. Where that failed half-way, it may be called again. */
export async function moveAside(log: string): Promise<void> {
  const target = (await nameGivenTo(log)) ?? (await linkAside(log));
  await rename(log + chainSuffix, target + chainSuffix).catch(unlessMissing);
  await unlink(log);
}

/** The name of the log that a chain is of, by the name of the chain; undefined where it is none. */
export function logOfChain(name: string): string | undefined {
  return name.endsWith(chainSuffix) ? name.replace(chainPattern, '') : undefined;
}

/** Gives the chain of a log, which somebody else has moved away, a name of its own. */
export async function moveChainAside(log: string): Promise<void> {
  await rename(log + chainSuffix, `${log}.${await nextStamp(log)}${chainSuffix}`).catch(unlessMissing);
}

/** The name of an old file that the log has already; undefined where it has none. */
async function nameGivenTo(log: string): Promise<string | undefined> {
  const found = await stat(log);
  if (found.nlink === 1) return undefined;
  for (const { path: file, isPlain } of await oldFiles(log))
    if (isPlain && isSameFile(await stat(file), found)) return file;
  return undefined;
}

/** Gives the log a second name. A link, unlike a rename, never replaces another file. */
async function linkAside(log: string): Promise<string> {
  const stamp = await nextStamp(log);
  for (let n = 1; ; n++) {
    const target = `${log}.${stamp}${n > 1 ? `-${n}` : ''}`;
    try {
      await link(log, target);
      return target;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
  }
}

/**
 * The time, or where the clock was set back, what comes after the newest old file: their names tell their order. No
 * file and no chain has it.
 */
async function nextStamp(log: string): Promise<string> {
  const name = path.basename(log);
  const stamps = (await readdir(path.dirname(log)))
    .filter((each) => each.startsWith(`${name}.`))
    .map((each) => each.slice(name.length + 1, name.length + 1 + stampLength))
    .filter((each) => stampPattern.test(`.${each}`));
  const [date, time] = stamps.sort().at(-1)?.split('T') ?? [];
  const newestMs = Date.parse(`${date}T${time?.replaceAll('-', ':')}`);
  const nowMs = Math.max(Date.now(), (newestMs || 0) + 1);
  return new Date(nowMs).toISOString().replaceAll(':', '-');
}

/** A file that was the log once. */
export interface OldFile {
  /** Its path before it was compressed. */
  readonly path: string;
  /** Whether it is there uncompressed; where compressing was interrupted, it is there compressed as well. */
  readonly isPlain: boolean;
}

/** Old files of a log, the oldest first. */
export async function oldFiles(log: string): Promise<OldFile[]> {
  const names = await stampedNames(log);
  const plain = names.filter((each) => !each.endsWith(gzipSuffix));
  const packed = names.filter((each) => each.endsWith(gzipSuffix)).map((each) => path.parse(each).name);
  return [...new Set([...plain, ...packed])]
    .sort()
    .map((each) => ({ path: path.join(path.dirname(log), each), isPlain: plain.includes(each) }));
}

/** What was to become compressed old files of a log. */
export async function draftsOf(log: string): Promise<string[]> {
  const names = await stampedNames(log, draftSuffix);
  return names.map((each) => path.join(path.dirname(log), each));
}

/** Names of an old file, with something behind them. */
async function stampedNames(log: string, suffix = ''): Promise<string[]> {
  const name = path.basename(log);
  return (await readdir(path.dirname(log))).filter(
    (each) =>
      each.startsWith(name) &&
      each.endsWith(suffix) &&
      stampPattern.test(each.slice(name.length, each.length - suffix.length)),
  );
}

/** Lets pass that a file is not there. @throws every other error */
export function unlessMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
