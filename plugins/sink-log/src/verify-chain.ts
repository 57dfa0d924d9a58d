import { createReadStream } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { createGunzip } from 'node:zlib';
import { blockBytes, type ClosingLine, startOfChain } from './chain-format.ts';
import { linesBetween, readEnds } from './chain-reader.ts';
import { cellsOf, checkedCells, type FoundChange, locateChange } from './locate-change.ts';
import { chainSuffix, draftSuffix } from './rotation.ts';

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
  readonly bytes: number;
}

/** What a folder of logs turned out to be. */
export interface VerifiedLogs {
  readonly files: readonly CheckedFile[];
  /** Everything that is wrong, in the order of the chain; empty where nothing is. */
  readonly problems: readonly string[];
}

/** Checks every chain of a folder: each file against its hashes, and that no file is missing between two. */
export async function verifyLogs(folder: string): Promise<VerifiedLogs> {
  const logs = new Map<string, CheckedFile[]>();
  const names = (await readdir(folder)).sort();
  const moved = movedFiles(names);
  for (const name of names) {
    if (!name.endsWith(chainSuffix)) continue;
    const log = name.replace(/(\.\d{4}-\d\d-\d\dT[-\d.]+Z(-\d+)?)?\.chain$/, '');
    const own = path.join(folder, name.slice(0, -chainSuffix.length));
    const isThere = names.includes(path.basename(own)) || names.includes(`${path.basename(own)}.gz`);
    const others = isThere
      ? []
      : moved.filter((each) => each.startsWith(`${log}.`) || each.startsWith(`${log}-`));
    const file = await bestOf(
      own,
      others.map((each) => path.join(folder, each)),
    );
    const taken = moved.indexOf(path.basename(file.path));
    if (taken >= 0) moved.splice(taken, 1);
    logs.set(log, [...(logs.get(log) ?? []), file]);
  }
  const chains = [...logs].map(([log, each]) => [log, inOrder(each)] as const);
  return {
    files: chains.flatMap(([, each]) => each),
    problems: chains.flatMap(([log, each]) => problemsOf(log, each)),
  };
}

/** The files of a log in the order of their chain, of which only the newest may be open. */
function inOrder(files: readonly CheckedFile[]): CheckedFile[] {
  const sorted = files.toSorted((a, b) => a.segment - b.segment);
  return sorted.map((file, index) => {
    const left = file.statement === undefined && file.problem === undefined && index < sorted.length - 1;
    return left ? { ...file, problem: 'its chain is not closed, though another one follows' } : file;
  });
}

/** Files without a chain of their own: others than the recorder may have given them their names. */
function movedFiles(names: readonly string[]): string[] {
  return names.filter(
    (name) =>
      !name.endsWith(chainSuffix) &&
      !name.endsWith(draftSuffix) &&
      ![name, name.replace(/\.gz$/, '')].some((each) => names.includes(each + chainSuffix)),
  );
}

/** Checks the file of a chain: where it is not there, that of others which fits best. */
async function bestOf(own: string, others: readonly string[]): Promise<CheckedFile> {
  let best = await checkFile(own);
  for (const other of others) {
    const found = await checkFile(other, own + chainSuffix);
    if (found.bytes > best.bytes) best = found;
    if (found.problem === undefined && found.bytes > 0) return found;
  }
  if (best.bytes > 0) return best;
  // Changed in its first block, it is known by its length.
  for (const other of others) {
    const size = (await stat(other).catch(() => undefined))?.size;
    if (size === best.statement?.bytes) return await checkFile(other, own + chainSuffix);
  }
  return best;
}

function problemsOf(log: string, files: readonly CheckedFile[]): string[] {
  const problems: string[] = [];
  const oldest = files.findLast(({ statement }) => statement !== undefined)?.statement?.oldest ?? 1;
  let expected = oldest;
  let previous: CheckedFile | undefined;
  for (const file of files) {
    if (file.problem !== undefined) problems.push(`${file.path}: ${file.problem}`);
    if (file.segment === 0) continue;
    if (file.segment > expected) {
      const missing =
        file.segment - 1 > expected ? `files ${expected} to ${file.segment - 1} are` : `file ${expected} is`;
      problems.push(`${log}: ${missing} missing before ${file.path}`);
    } else if (previous !== undefined && file.previous !== previous.last) {
      problems.push(`${file.path}: does not follow ${previous.path}: the chain of one of them was changed`);
    }
    expected = file.segment + 1;
    previous = file;
  }
  return problems;
}

/** Checks one log file against its chain. @throws the error of reading the chain */
export async function checkFile(file: string, chain: string = file + chainSuffix): Promise<CheckedFile> {
  const ends = await readEnds(chain);
  if (ends === undefined) {
    const nothing = { path: file, segment: 0, previous: '', statement: undefined, last: '', bytes: 0 };
    return { ...nothing, problem: 'its chain has no beginning' };
  }
  const { opening, statement, last } = ends;
  const found = { path: file, segment: opening.segment, previous: opening.previous, statement, last };
  const hash = startOfChain(opening);
  const lines = linesBetween(chain, ends);
  let bytes = 0;
  try {
    for await (const piece of blocksOf(file)) {
      if (piece === undefined) return { ...found, bytes, problem: 'the file is missing, its chain is there' };
      const line = await lines.next();
      if (line.done) {
        // What follows the last whole block of a chain that is not closed is not on record yet.
        if (statement === undefined) break;
        return { ...found, bytes, problem: `byte ${bytes} and what follows was added` };
      }
      const [known = '', checksums = ''] = line.value.split(' ');
      const before = hash.value;
      const end = bytes + piece.length;
      if (hash.add(piece) !== known) {
        const isCut = statement ? statement.bytes > end : checkedCells(checksums) > cellsOf(piece);
        const problem =
          isCut && piece.length < blockBytes
            ? `byte ${end} and what follows is missing`
            : describeChange(bytes, locateChange(piece, checksums, before, known));
        return { ...found, bytes, problem };
      }
      bytes = end;
    }
    if (!(await lines.next()).done)
      return { ...found, bytes, problem: `byte ${bytes} and what follows is missing` };
  } finally {
    await lines.return(undefined);
  }
  if (statement === undefined) return { ...found, bytes, problem: undefined };
  const { hash: stated, ...rest } = statement;
  const right = hash.add(JSON.stringify(rest)) === stated && statement.bytes === bytes;
  return { ...found, bytes, problem: right ? undefined : 'its closing statement was changed' };
}

function describeChange(start: number, { from, to, written }: FoundChange): string {
  if (written === undefined) return `the first bad byte is between ${start + from} and ${start + to}`;
  return `the first bad byte is ${start + from}, where 0x${written.toString(16).padStart(2, '0')} was written`;
}

/** The blocks of a log, compressed or not; a single undefined where there is neither. */
async function* blocksOf(file: string): AsyncGenerator<Buffer | undefined> {
  const plain = await stat(file).catch(() => undefined);
  const packed = plain ? undefined : await stat(`${file}.gz`).catch(() => undefined);
  if (plain === undefined && packed === undefined) {
    yield undefined;
    return;
  }
  const packedNow = plain === undefined || file.endsWith('.gz');
  const stream = !packedNow
    ? createReadStream(file)
    : createReadStream(plain ? file : `${file}.gz`).pipe(createGunzip());
  let rest = Buffer.alloc(0);
  try {
    for await (const chunk of stream) {
      const bytes = Buffer.concat([rest, chunk as Buffer]);
      let at = 0;
      for (; at + blockBytes <= bytes.length; at += blockBytes) yield bytes.subarray(at, at + blockBytes);
      rest = bytes.subarray(at);
    }
  } catch (error) {
    // A compressed file that was changed does not unpack any more: what could be unpacked was right up to here.
    if (!packedNow) throw error;
  }
  if (rest.length > 0) yield rest;
}
