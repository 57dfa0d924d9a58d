import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { repositoryRoot } from '../structure/workspace.ts';

/** How a program ended, and what it printed. */
export interface Ended {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A program that runs. */
export interface RunningProgram {
  readonly process: ChildProcess;
  /** Everything printed to standard error so far. */
  stderr(): string;
  /** Waits until standard error matches. Fails after 20 seconds unless told otherwise, or where the program ends first. */
  said(pattern: RegExp, timeoutMs?: number): Promise<void>;
  readonly ended: Promise<Ended>;
}

/** Daemons of tests run side by side: each has spools of its own unless a test is about them. */
function ownSpool(program: string, args: readonly string[]): string | undefined {
  if (program !== 'camflowd' || args.some((arg) => arg.startsWith('general.spool_dir='))) return undefined;
  return mkdtempSync(path.join(tmpdir(), 'camflow-spool-'));
}

/** Starts `camflow` or `camflowd` as a user would, through its launcher. */
export function startProgram(
  program: 'camflow' | 'camflowd',
  args: readonly string[],
  cwd?: string,
): RunningProgram {
  const launcher = path.join(repositoryRoot, 'core/cli/bin', `${program}.js`);
  const spool = ownSpool(program, args);
  const setting = spool === undefined ? [] : ['--set', `general.spool_dir=${spool}`];
  const child = spawn(process.execPath, [launcher, ...args, ...setting], { cwd: cwd ?? repositoryRoot });
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => stdout.push(chunk));
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  const text = (chunks: readonly Buffer[]): string => Buffer.concat(chunks).toString();
  const ended = new Promise<Ended>((done) => {
    child.on('close', (status) => {
      if (spool !== undefined) rmSync(spool, { recursive: true, force: true });
      done({ status, stdout: text(stdout), stderr: text(stderr) });
    });
  });
  return {
    process: child,
    stderr: () => text(stderr),
    ended,
    async said(pattern, timeoutMs = 20_000) {
      const deadline = Date.now() + timeoutMs;
      while (!pattern.test(text(stderr))) {
        if (Date.now() > deadline || child.exitCode !== null)
          throw new Error(`never said ${pattern}:\n${text(stderr)}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** Runs a program to its end. */
export function runProgram(
  program: 'camflow' | 'camflowd',
  args: readonly string[],
  cwd?: string,
): Promise<Ended> {
  return startProgram(program, args, cwd).ended;
}
