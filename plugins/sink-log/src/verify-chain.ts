import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { type CheckedFile, checkFile } from './check-file.ts';
import { chainSuffix, draftSuffix, logOfChain } from './rotation.ts';

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
    const log = logOfChain(name);
    if (log === undefined) continue;
    const own = path.join(folder, name.slice(0, -chainSuffix.length));
    const isThere = names.includes(path.basename(own)) || names.includes(`${path.basename(own)}.gz`);
    const others = isThere ? [] : moved.filter((each) => isLikeNamed(log, each));
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

function isLikeNamed(log: string, name: string): boolean {
  return name.startsWith(`${log}.`) || name.startsWith(`${log}-`);
}

/** Finds the file of a chain that has still the name of the log, whose file somebody moved away, by what it holds. */
export async function findMoved(log: string): Promise<CheckedFile | undefined> {
  const folder = path.dirname(log);
  for (const name of movedFiles(await readdir(folder))) {
    if (!isLikeNamed(path.basename(log), name)) continue;
    const found = await checkFile(path.join(folder, name), log + chainSuffix);
    if (found.problem === undefined && found.bytes > 0) return found;
  }
  return undefined;
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
  const oldest = files.findLast((file) => file.oldest !== undefined)?.oldest ?? 1;
  let expected = oldest;
  let previous: CheckedFile | undefined;
  for (const file of files) {
    if (file.problem !== undefined) problems.push(`${file.path}: ${file.problem}`);
    if (file.segment === 0) continue;
    if (file.segment > expected) {
      const missing =
        file.segment - 1 > expected ? `files ${expected} to ${file.segment - 1} are` : `file ${expected} is`;
      problems.push(`${log}: ${missing} missing before ${file.path}`);
    } else if (
      previous !== undefined &&
      file.segment <= previous.segment + 1 &&
      file.previous !== previous.last
    ) {
      problems.push(`${file.path}: does not follow ${previous.path}: the chain of one of them was changed`);
    }
    expected = Math.max(oldest, file.segment + 1);
    previous = file;
  }
  return problems;
}
