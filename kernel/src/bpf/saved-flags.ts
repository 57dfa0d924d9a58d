import { readdirSync, readFileSync, statSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { writeAtomically } from '../control/identity-files.ts';
import type { Channel } from './channel.ts';
import { changeFileFlags, type FileFlags, listFileFlags } from './flag-requests.ts';
import { mountedDevices, uuidText } from './mounted-devices.ts';

const form = 'camflow-file-flags-1';
const minorBits = 20;
const devices = '/dev/disk/by-uuid';

/** What became of the flags of files. */
export interface SavedFlags {
  readonly files: number;
  /** Files of file systems that end with the machine's run, or have no lasting number: not saved, or not found again. */
  readonly left: number;
}

interface SavedFile {
  readonly device: number;
  readonly inode: string;
  readonly generation: number;
  readonly uuid: string;
  readonly flags: number;
  readonly taint: string;
}

/**
 * Writes what is said about files into a file, whole or not at all. File systems in memory, and others without a
 * device of their own (network file systems, btrfs), have other numbers after the next start: their files are left.
 */
export function saveFileFlags(channel: Channel, path: string): SavedFlags {
  const all = listFileFlags(channel);
  const lasting = all.filter(({ key }) => key.device >>> minorBits !== 0);
  const text = JSON.stringify({ form, files: lasting.map(toSaved) });
  writeAtomically(path, Buffer.from(`${text}\n`), 0o600);
  return { files: lasting.length, left: all.length - lasting.length };
}

/**
 * Says again what a file from {@link saveFileFlags} says, besides what is said already. Devices are found by the
 * number of their file system where they have another number of their own now.
 *
 * @throws CamflowError `CONFIG_UNREADABLE`, or `CONFIG_BAD_VALUE` where the file is none of these; nothing was changed then
 */
export function loadFileFlags(channel: Channel, path: string): SavedFlags {
  const files = parse(path, read(path));
  // Where nobody named devices by file system, those that are mounted are known all the same.
  const numbers = new Map([...namedDevices(), ...mountedDevices(channel)]);
  let left = 0;
  for (const { device, inode, generation, uuid, flags, taint } of files) {
    const now = numbers.get(uuid) ?? device;
    if (/[^0-]/.test(uuid) && !numbers.has(uuid)) left++;
    const key = { device: now, inode: BigInt(inode), generation };
    changeFileFlags(channel, key, { set: flags, taint: BigInt(taint) }, uuidBytes(uuid));
  }
  return { files: files.length, left };
}

function toSaved({ key, flags, taint, uuid }: FileFlags): SavedFile {
  const { device, inode, generation } = key;
  return { device, inode: `${inode}`, generation, uuid: uuidText(uuid), flags, taint: `${taint}` };
}

function uuidBytes(text: string): Uint8Array {
  return Buffer.from(text.replaceAll('-', ''), 'hex');
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new CamflowError('CONFIG_UNREADABLE', `Cannot read ${path}`, { cause, hint: 'Run as root.' });
  }
}

function parse(path: string, text: string): readonly SavedFile[] {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = undefined;
  }
  const { form: found, files } = (content ?? {}) as { form?: unknown; files?: unknown };
  if (found === form && Array.isArray(files) && files.every(isSaved)) return files;
  throw new CamflowError('CONFIG_BAD_VALUE', `${path} does not hold saved flags of files`, {
    hint: 'Name a file that was written by saving them.',
  });
}

function isSaved(value: unknown): value is SavedFile {
  const { device, inode, generation, uuid, flags, taint } = (value ?? {}) as Record<string, unknown>;
  const isWord = (number: unknown): boolean =>
    Number.isInteger(number) && (number as number) >= 0 && (number as number) < 2 ** 32;
  const isDigits = (digits: unknown): boolean => typeof digits === 'string' && /^\d{1,20}$/.test(digits);
  return (
    [device, generation, flags].every(isWord) &&
    [inode, taint].every(isDigits) &&
    typeof uuid === 'string' &&
    /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/.test(uuid)
  );
}

/** The device of each file system that udev found, as the kernel numbers it. */
function namedDevices(): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  let names: string[] = [];
  try {
    names = readdirSync(devices);
  } catch {
    // There is no udev.
  }
  for (const name of names) {
    const { rdev } = statSync(`${devices}/${name}`);
    // As user space has it: 12 bits of major between two parts of minor.
    const major = (rdev >>> 8) & 0xfff;
    const minor = (rdev & 0xff) | ((rdev >>> 12) & 0xf_ff00);
    found.set(name.toLowerCase(), major * 2 ** minorBits + minor);
  }
  return found;
}
