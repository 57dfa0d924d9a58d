import { readFileSync } from 'node:fs';
import { link, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { CamflowError } from '@camflow/api';

/** Who holds a spool: a process, by its number and the moment it started, as numbers are used again. */
interface Holder {
  readonly pid: number;
  readonly startedAt: string;
}

/** Keeps other recorders from a spool. What a process that was killed left behind is taken over. */
export class SpoolLock {
  readonly #path: string;

  private constructor(file: string) {
    this.#path = file;
  }

  /** @throws CamflowError `SPOOL_UNAVAILABLE` where a process that runs holds it */
  static async take(folder: string): Promise<SpoolLock> {
    const file = path.join(folder, 'lock');
    const own = `${file}.${process.pid}.${Math.random().toString(36).slice(2)}`;
    await writeFile(own, JSON.stringify(holderOf(process.pid)), { mode: 0o600, flag: 'wx' });
    try {
      for (;;) {
        // A link never takes the place of another file.
        if (await succeeds(link(own, file), 'EEXIST')) return new SpoolLock(file);
        const found = await readFile(file, 'utf8').catch(() => undefined);
        if (found === undefined) continue;
        const holder = parseHolder(found);
        if (holder !== undefined && isAlive(holder)) throw heldBy(folder, holder.pid);
        await removeStale(file, found);
      }
    } finally {
      await unlink(own);
    }
  }

  async release(): Promise<void> {
    await unlink(this.#path).catch(() => {});
  }
}

/** The process that holds the spool of a folder; undefined where none does. */
export async function spoolHolder(folder: string): Promise<number | undefined> {
  const found = await readFile(path.join(folder, 'lock'), 'utf8').catch(() => '');
  const holder = parseHolder(found);
  return holder !== undefined && isAlive(holder) ? holder.pid : undefined;
}

/** Two who find the same stale lock must not remove each other's new one: only what was read is removed. */
async function removeStale(file: string, found: string): Promise<void> {
  const aside = `${file}.stale.${process.pid}`;
  if (!(await succeeds(rename(file, aside), 'ENOENT'))) return;
  const moved = await readFile(aside, 'utf8');
  if (moved !== found) await succeeds(link(aside, file), 'EEXIST');
  await unlink(aside);
}

async function succeeds(action: Promise<void>, expected: string): Promise<boolean> {
  try {
    await action;
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === expected) return false;
    throw error;
  }
}

function parseHolder(text: string): Holder | undefined {
  try {
    const value = JSON.parse(text) as Partial<Holder>;
    return typeof value.pid === 'number' && typeof value.startedAt === 'string'
      ? (value as Holder)
      : undefined;
  } catch {
    return undefined;
  }
}

function isAlive(holder: Holder): boolean {
  return holderOf(holder.pid).startedAt === holder.startedAt;
}

function holderOf(pid: number): Holder {
  try {
    // The name of the program, in parentheses, may hold blanks; the start time is the 22nd field of the line.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)!.split(' ');
    return { pid, startedAt: fields[19] ?? '' };
  } catch {
    return { pid, startedAt: 'gone' };
  }
}

function heldBy(folder: string, pid: number): CamflowError {
  return new CamflowError('SPOOL_UNAVAILABLE', `The spool ${folder} belongs to process ${pid}, which runs`, {
    hint: 'Stop that recorder, or set another spool_dir in [general].',
  });
}
