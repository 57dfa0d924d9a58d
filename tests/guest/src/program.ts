import { writeFile } from 'node:fs/promises';
import { constants } from 'node:os';
import { parseArguments, usage, type VmArguments } from './arguments.ts';
import { prepareParts } from './cache/parts.ts';
import { GuestError } from './guest-error.ts';
import { guestKernels, isGuestKernel } from './kernels.ts';
import { type GuestJob, type GuestResult, runGuest } from './run/run-in-guest.ts';
import { openTerminal } from './run/terminal.ts';

/** Exit status where the guest itself failed, as `env` and `timeout` use it. */
const ownFailure = 125;
/** The longest that a timer can wait, some 24 days. */
const unlimitedMs = 2 ** 31 - 1;
const endingSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** The program behind `pnpm vm`. Returns the exit status; usage says what it means. */
export async function main(args: readonly string[]): Promise<number> {
  let endedBy: NodeJS.Signals | undefined;
  const abort = new AbortController();
  const end = (signal: NodeJS.Signals): void => {
    endedBy = signal;
    abort.abort(new GuestError(`ended by ${signal}`));
  };
  for (const signal of endingSignals) process.on(signal, end);
  try {
    return await run(parseArguments(args), abort);
  } catch (error) {
    if (endedBy !== undefined) return 128 + constants.signals[endedBy];
    if (!(error instanceof GuestError)) throw error;
    process.stderr.write(`vm: ${error.message}\n`);
    return ownFailure;
  } finally {
    for (const signal of endingSignals) process.off(signal, end);
  }
}

async function run(wanted: VmArguments, abort: AbortController): Promise<number> {
  if (wanted.help) {
    process.stdout.write(usage);
    return 0;
  }
  if (wanted.prepare) {
    for (const kernel of Object.keys(guestKernels).filter(isGuestKernel)) await prepareParts(kernel);
    return 0;
  }
  const job: GuestJob = { ...wanted, fetch: wanted.fetch.map(({ guest }) => guest), signal: abort.signal };
  const result = wanted.command.length === 0 ? await runShell(job, abort) : await runGuest(job, process);
  if (result.timedOut) process.stderr.write('vm: the time was up\n');
  const complete = await saveFiles(wanted, result);
  return complete || result.status !== 0 ? result.status : ownFailure;
}

async function runShell(job: GuestJob, abort: AbortController): Promise<GuestResult> {
  const { terminal, input, close } = openTerminal(() => abort.abort(new GuestError('ended by Ctrl-]')));
  process.stderr.write(`booting Linux ${job.kernel}; leave with "exit", or with Ctrl-] should it hang\r\n`);
  try {
    const shell: GuestJob = { ...job, command: ['bash', '-l'], terminal, timeoutMs: unlimitedMs };
    return await runGuest(shell, { input, stdout: process.stdout, stderr: process.stderr });
  } finally {
    close();
  }
}

/** Returns whether every file that was asked for came back. */
async function saveFiles(wanted: VmArguments, result: GuestResult): Promise<boolean> {
  let complete = true;
  for (const { guest, host } of wanted.fetch) {
    const content = result.files.get(guest);
    if (content === undefined) {
      process.stderr.write(`vm: ${guest} is no file in the guest\n`);
      complete = false;
    } else {
      await writeFile(host, content);
    }
  }
  return complete;
}
