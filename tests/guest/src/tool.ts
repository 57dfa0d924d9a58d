import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GuestError } from './guest-error.ts';

const execute = promisify(execFile);

/** Where file system tools live, which a user's path may lack. */
const systemPath = '/usr/sbin:/sbin';

/**
 * Runs a program of the host to its end.
 * @returns what it printed
 * @throws GuestError where it is missing or fails, with the last thing it said
 */
export async function runTool(program: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    const { stdout } = await execute(program, args, {
      cwd,
      env: { ...process.env, LC_ALL: 'C', PATH: `${process.env['PATH']}:${systemPath}` },
      maxBuffer: 64 << 20,
    });
    return stdout;
  } catch (error) {
    const { code, stderr } = error as { code?: unknown; stderr?: string };
    const reason = code === 'ENOENT' ? 'it is not installed' : lastLines(stderr ?? '', 3);
    throw new GuestError(`${program} ${args.at(0) ?? ''} failed: ${reason}`, { cause: error });
  }
}

/** The last lines of a text that hold anything. */
export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}
