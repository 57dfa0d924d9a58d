import { randomInt } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CamflowError, isCamflowError } from '@camflow/api';
import { errnoName } from '../libc/system-call-error.ts';

const machineIdName = 'camflow-machine_id';
const bootIdName = 'camflow-boot_id';
const idBytes = 4;
const largest = 0xffff_ffff;

/** Where the files of a machine are; other folders in tests. */
export interface IdentityPlaces {
  /** Folder of CamFlow's two files. Default `/etc`. */
  readonly etc?: string;
  /** Folder that is emptied when the machine starts. Default `/run`. */
  readonly run?: string;
  /** What the kernel calls this start of the machine. */
  readonly kernelBoot?: string;
}

/** What the kernel calls this start of the machine. */
export function kernelBootUuid(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
}

/** The identifier in `/etc/camflow-machine_id`, as CamFlow keeps it; undefined where there is none. */
export function readMachineId({ etc = '/etc' }: IdentityPlaces = {}): number | undefined {
  return readId(join(etc, machineIdName));
}

/** The same, made where there is none, or where the file holds none. */
export function needMachineId(places: IdentityPlaces = {}): number {
  const known = readMachineId(places);
  if (known !== undefined) return known;
  const made = randomInt(1, largest + 1);
  writeAtomically(join(places.etc ?? '/etc', machineIdName), idOf(made));
  return made;
}

/**
 * Keeps a number that records carry already, where the machine has none in its file: it is to be the same after the next
 * start. What cannot be written is left.
 */
export function keepMachineId(machineId: number, places: IdentityPlaces = {}): void {
  try {
    if (readMachineId(places) !== undefined) return;
    writeAtomically(join(places.etc ?? '/etc', machineIdName), idOf(machineId));
  } catch (error) {
    if (!isCamflowError(error)) throw error;
  }
}

/** The number of this start of the machine; undefined where nobody has counted it yet. */
export function readBootId(places: IdentityPlaces = {}): number | undefined {
  const { etc = '/etc', kernelBoot = kernelBootUuid() } = places;
  const id = readId(join(etc, bootIdName));
  return id !== undefined && readMarker(places) === kernelBoot ? id : undefined;
}

/**
 * The same, counted on from the last start where that was not done yet: CamFlow does so with every run of camconfd,
 * but its kernel keeps the number of the first.
 */
export function needBootId(places: IdentityPlaces = {}): number {
  const counted = readBootId(places);
  if (counted !== undefined) return counted;
  const { etc = '/etc', kernelBoot = kernelBootUuid() } = places;
  const path = join(etc, bootIdName);
  const last = readId(path) ?? 0;
  const next = last >= largest ? 1 : last + 1;
  writeAtomically(path, idOf(next));
  writeAtomically(markerOf(places), Buffer.from(`${kernelBoot}\n`));
  return next;
}

function markerOf({ run = '/run' }: IdentityPlaces): string {
  return join(run, 'camflow-boot');
}

function readMarker(places: IdentityPlaces): string | undefined {
  try {
    return readFileSync(markerOf(places), 'latin1').trim();
  } catch {
    return undefined;
  }
}

/** An identifier that is not zero; undefined where the file has none. */
function readId(path: string): number | undefined {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    if (errnoName(cause) === 'ENOENT') return undefined;
    throw new CamflowError('CONFIG_UNREADABLE', `Cannot read ${path}`, { cause, hint: 'Run as root.' });
  }
  return bytes.length === idBytes ? bytes.readUInt32LE() || undefined : undefined;
}

function idOf(value: number): Buffer {
  const bytes = Buffer.alloc(idBytes);
  bytes.writeUInt32LE(value);
  return bytes;
}

/**
 * Writes a file whole or not at all, so that whoever reads it at any time sees the old content or the new one.
 * @throws CamflowError `PERMISSION_DENIED` or `SYSTEM_CALL_FAILED`
 */
export function writeAtomically(path: string, bytes: Uint8Array, mode = 0o644): void {
  const draft = `${path}.${process.pid}`;
  try {
    const fd = openSync(draft, 'wx', mode);
    try {
      writeSync(fd, bytes);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(draft, path);
  } catch (cause) {
    rmSync(draft, { force: true });
    const errno = errnoName(cause);
    const denied = errno === 'EACCES' || errno === 'EPERM' || errno === 'EROFS';
    throw new CamflowError(denied ? 'PERMISSION_DENIED' : 'SYSTEM_CALL_FAILED', `Cannot write ${path}`, {
      cause,
      hint: denied ? 'Run as root.' : 'Make sure that its folder exists and has room.',
    });
  }
}
