import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { GuestError } from './guest-error.ts';

const execute = promisify(execFile);

/** Where file system tools live, which a user's path may lack. */
const systemPath = '/usr/sbin:/sbin';

/** The package of Debian and Ubuntu that each program comes from. */
const packageOf: Readonly<Record<string, string>> = {
  'apt-get': 'apt',
  'apt-cache': 'apt',
  'dpkg-deb': 'dpkg',
  'mkfs.ext4': 'e2fsprogs',
  debugfs: 'e2fsprogs',
  setpriv: 'util-linux',
  unshare: 'util-linux',
};

/** What to do about failures that have the same cause wherever they are met, by what the program says. */
const remedies: readonly { readonly said: RegExp; readonly remedy: (said: RegExpExecArray) => string }[] = [
  {
    said: /^unshare: failed to execute (\S+): No such file/m,
    remedy: ([, program]) => notInstalled(program!),
  },
  {
    // How the kernel, AppArmor and containers refuse; wrong arguments are none of that.
    said: /^unshare: .*: (Operation not permitted|Permission denied|No space left on device)$/m,
    remedy: ([line]) =>
      `${line}; user namespaces are not allowed here: run this as root, or allow them, on Ubuntu from 24.04 on with: ` +
      'sudo sysctl kernel.apparmor_restrict_unprivileged_userns=0',
  },
];

/**
 * Runs a program of the host to its end.
 * @returns what it printed
 * @throws GuestError where it is missing or fails, with the last thing it said, and what to do where that is known
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
    const reason = code === 'ENOENT' ? notInstalled(program) : reasonIn(stderr ?? '');
    throw new GuestError(`${program} ${args.at(0) ?? ''} failed: ${reason}`, { cause: error });
  }
}

/** Says that a program of the host is missing, and the package that has it. */
export function notInstalled(program: string): string {
  const name = packageOf[program];
  const where = name === undefined ? '' : `; Debian and Ubuntu have it in the package ${name}`;
  return `${program} is not installed${where}`;
}

function reasonIn(stderr: string): string {
  for (const { said, remedy } of remedies) {
    const found = said.exec(stderr);
    if (found !== null) return remedy(found);
  }
  return lastLines(stderr, 3);
}

/** The last lines of a text that hold anything. */
export function lastLines(text: string, count: number): string {
  return text
    .split('\n')
    .filter((line) => line.trim() !== '')
    .slice(-count)
    .join('\n');
}
