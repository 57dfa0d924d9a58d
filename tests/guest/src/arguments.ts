import path from 'node:path';
import { parseArgs } from 'node:util';
import { GuestError } from './guest-error.ts';
import type { PutFile } from './image/job-disk.ts';
import { type GuestKernel, guestKernels, isGuestKernel } from './kernels.ts';

const kernelNames = Object.keys(guestKernels).join(' or ');

/** What `--help` prints. */
export const usage: string = `Usage: pnpm vm [OPTIONS] [-- COMMAND [ARGUMENT...]]

Boots a disposable Debian guest with node and this project in it, and runs COMMAND there as root in /camflow;
without COMMAND, a shell. There is no network but loopback, and nothing that the guest does is kept.

  --kernel VERSION       ${kernelNames} (default 6.1)
  --put HOST:GUEST       bring a file or folder in before; repeatable
  --fetch GUEST[:HOST]   bring a file back after, by default into the current folder; repeatable
  --timeout SECONDS      kill the guest then, and exit with 124 (default 600; none for a shell)
  --memory MEBIBYTES     default 1024
  --cpus N               default 2
  --no-bpf-lsm           leave bpf out of the kernel's list of active security modules
  --kvm                  use the host's hardware virtualisation
  --log FILE             keep what the guest's kernel says
  --prepare              only fetch and build what guests need, for every kernel
  --help

The exit status is the command's own, 128 + N after signal N, or 125 where the guest itself failed.
`;

const options = {
  kernel: { type: 'string', default: '6.1' },
  put: { type: 'string', multiple: true, default: [] as string[] },
  fetch: { type: 'string', multiple: true, default: [] as string[] },
  timeout: { type: 'string', default: '600' },
  memory: { type: 'string', default: '1024' },
  cpus: { type: 'string', default: '2' },
  'no-bpf-lsm': { type: 'boolean', default: false },
  kvm: { type: 'boolean', default: false },
  log: { type: 'string' },
  prepare: { type: 'boolean', default: false },
  help: { type: 'boolean', default: false },
} as const;

const mostOfAny = 9_999_999;
/** A timer of node that is to wait for longer does not wait at all. */
const mostSeconds = 2_147_483;

/** A file that comes back, and where it goes. */
export interface FetchFile {
  readonly guest: string;
  readonly host: string;
}

/** What a command line asks for. */
export interface VmArguments {
  /** Empty for a shell. */
  readonly command: readonly string[];
  readonly kernel: GuestKernel;
  readonly put: readonly PutFile[];
  readonly fetch: readonly FetchFile[];
  readonly timeoutMs: number;
  readonly memoryMib: number;
  readonly cpus: number;
  readonly bpfLsm: boolean;
  readonly kvm: boolean;
  readonly log: string | undefined;
  readonly prepare: boolean;
  readonly help: boolean;
}

/**
 * Reads the command line of `pnpm vm`.
 * @throws GuestError where it cannot be understood
 */
export function parseArguments(args: readonly string[]): VmArguments {
  const { values, positionals: command } = parse(args);
  const { kernel, kvm, log, prepare, help } = values;
  if (!isGuestKernel(kernel)) throw new GuestError(`no guest runs kernel ${kernel}: say ${kernelNames}`);
  return {
    command,
    kernel,
    put: values.put.map(parsePut),
    fetch: values.fetch.map(parseFetch),
    timeoutMs: wholeNumber('--timeout', values.timeout, mostSeconds) * 1000,
    memoryMib: wholeNumber('--memory', values.memory),
    cpus: wholeNumber('--cpus', values.cpus),
    bpfLsm: !values['no-bpf-lsm'],
    kvm,
    log,
    prepare,
    help,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true });
  } catch (cause) {
    throw new GuestError((cause as Error).message, { cause });
  }
}

function parsePut(text: string): PutFile {
  const colon = text.lastIndexOf(':');
  if (colon < 1 || text[colon + 1] !== '/') throw new GuestError(`--put ${text}: say HOST:/GUEST`);
  return { host: text.slice(0, colon), guest: text.slice(colon + 1) };
}

function parseFetch(text: string): FetchFile {
  const [guest = '', ...rest] = text.split(':');
  if (!guest.startsWith('/')) throw new GuestError(`--fetch ${text}: say /GUEST or /GUEST:HOST`);
  return { guest, host: rest.length === 0 ? path.basename(guest) : rest.join(':') };
}

function wholeNumber(option: string, text: string, most: number = mostOfAny): number {
  const number = /^\d{1,7}$/.test(text) ? Number(text) : 0;
  if (number >= 1 && number <= most) return number;
  throw new GuestError(`${option} ${text}: say a whole number from 1 to ${most}`);
}
