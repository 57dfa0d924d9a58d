import { type ChildProcess, spawn } from 'node:child_process';
import path from 'node:path';
import type { Duplex, Readable, Writable } from 'node:stream';
import { finished } from 'node:stream/promises';
import type { GuestParts } from '../cache/parts.ts';
import { GuestError } from '../guest-error.ts';
import { rootPartition } from '../image/disk.ts';
import { lastLines, notInstalled } from '../tool.ts';

const launcher = 'setpriv';

/** The machine a guest runs on. */
export interface Machine {
  readonly parts: GuestParts;
  /** Image with the project; what the guest writes to it is thrown away. */
  readonly projectDisk: string;
  /** Image with the job, to which the guest writes its results. */
  readonly jobDisk: string;
  /** File for what the kernel says. */
  readonly kernelLog: string;
  readonly memoryMib: number;
  readonly cpus: number;
  /** Whether `bpf` is in the kernel's list of active security modules. */
  readonly bpfLsm: boolean;
  /** Whether to use the host's hardware virtualisation. */
  readonly kvm: boolean;
}

/** What the guest's job talks to. */
export interface MachineStreams {
  /** Only for a shell. */
  readonly input?: Readable;
  readonly stdout: Writable;
  readonly stderr: Writable;
}

/** Boots the machine and resolves when it has turned itself off, or was killed by the signal. */
export async function runMachine(
  machine: Machine,
  streams: MachineStreams,
  signal: AbortSignal,
): Promise<void> {
  if (signal.aborted) return;
  const process = startQemu(machine);
  const stop = (): void => void process.kill('SIGKILL');
  signal.addEventListener('abort', stop);
  const complaints: Buffer[] = [];
  process.stderr!.on('data', (bytes) => complaints.push(bytes));
  // Sockets, because QEMU waits on a full one where it would drop what a full pipe does not take.
  const [output, errors] = [process.stdio[3] as Duplex, process.stdio[4] as Duplex];
  output.pipe(streams.stdout, { end: false });
  errors.pipe(streams.stderr, { end: false });
  streams.input?.pipe(output);
  try {
    const [code] = await Promise.all([
      exitCode(process),
      finished(output, { writable: false }).catch(() => undefined),
      finished(errors, { writable: false }).catch(() => undefined),
    ]);
    if (code !== 0 && !signal.aborted) {
      throw new GuestError(`QEMU ended: ${lastLines(Buffer.concat(complaints).toString(), 3)}`);
    }
  } finally {
    signal.removeEventListener('abort', stop);
    streams.input?.unpipe(output);
  }
}

async function exitCode(process: ChildProcess): Promise<number | null> {
  return new Promise((resolve, reject) => {
    // QEMU is in the cache; what may be missing is the program that starts it.
    process.once('error', (cause) => {
      reject(new GuestError(`QEMU cannot be started: ${startReason(cause)}`, { cause }));
    });
    process.once('exit', resolve);
  });
}

function startReason(error: NodeJS.ErrnoException): string {
  return error.code === 'ENOENT' ? notInstalled(launcher) : error.message;
}

/** Starts QEMU out of its own tree, with the tree's loader and libraries: the host needs none of them. */
function startQemu(machine: Machine): ChildProcess {
  const root = machine.parts.qemu;
  const libraries = path.join(root, 'usr/lib/x86_64-linux-gnu');
  const loader = path.join(libraries, 'ld-linux-x86-64.so.2');
  const qemu = path.join(root, 'usr/bin/qemu-system-x86_64');
  const command = [loader, '--library-path', libraries, qemu, ...machineOptions(machine)];
  // In a session of its own, so that Ctrl-C reaches only us; and never outliving us, whatever ends us.
  return spawn(launcher, ['--pdeathsig', 'SIGKILL', '--', ...command], {
    detached: true,
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: { ...process.env, QEMU_MODULE_DIR: path.join(libraries, 'qemu') },
  });
}

function machineOptions(machine: Machine): string[] {
  const firmware = ['usr/share/qemu', 'usr/share/seabios'].map((name) => path.join(machine.parts.qemu, name));
  return [
    ...['-nodefaults', '-no-user-config', '-no-reboot', '-display', 'none', '-machine', 'q35'],
    ...firmware.flatMap((folder) => ['-L', folder]),
    ...accelerator(machine),
    ...['-m', String(machine.memoryMib), '-smp', String(machine.cpus), '-nic', 'none'],
    ...['-kernel', machine.parts.kernel, '-append', kernelCommandLine(machine)],
    ...['-chardev', `file,id=log,path=${quoted(machine.kernelLog)}`, '-serial', 'chardev:log'],
    ...['-chardev', 'socket,id=output,fd=3', '-serial', 'chardev:output'],
    ...['-chardev', 'socket,id=errors,fd=4', '-serial', 'chardev:errors'],
    ...disk('root', machine.parts.base, 'on'),
    ...disk('project', machine.projectDisk, 'on'),
    ...disk('job', machine.jobDisk, 'off'),
  ];
}

function accelerator({ kvm }: Machine): string[] {
  return kvm ? ['-accel', 'kvm', '-cpu', 'host'] : ['-accel', 'tcg,thread=multi', '-cpu', 'max'];
}

function disk(name: string, image: string, snapshot: 'on' | 'off'): string[] {
  const drive = `if=none,id=${name},format=raw,cache=unsafe,snapshot=${snapshot},file=${quoted(image)}`;
  return ['-drive', drive, '-device', `nvme,serial=${name},drive=${name}`];
}

/** QEMU's options are separated by commas; one that is part of a value is doubled. */
function quoted(value: string): string {
  return value.replaceAll(',', ',,');
}

function kernelCommandLine({ bpfLsm }: Machine): string {
  const modules = ['lockdown', 'capability', 'landlock', 'yama', 'apparmor', ...(bpfLsm ? ['bpf'] : [])];
  return [
    `root=${rootPartition} rw rootwait init=/usr/sbin/init console=ttyS0 loglevel=5`,
    `panic=-1 mitigations=off lsm=${modules.join(',')}`,
  ].join(' ');
}
