import { readFileSync } from 'node:fs';
import type { Channel } from './channel.ts';
import { askFile } from './flag-requests.ts';

/** Bytes that stand as octal numbers in the list of mounts: space, tab, newline and backslash. */
const escaped = /\\([0-7]{3})/g;

/**
 * The device of each file system that is mounted from one, as the kernel numbers it, by the number that the file system
 * has for ever, as text. Which device has which number may be another matter with each start of the machine.
 * @throws CamflowError where the programs of the channel are not loaded
 */
export function mountedDevices(channel: Channel): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const place of mountsOfDevices(readFileSync('/proc/self/mountinfo', 'latin1'))) {
    const { key, uuid } = askFile(channel, place);
    found.set(uuidText(uuid), key.device);
  }
  return found;
}

/** A place where each device is mounted, of those that the list has: the last one, which no other mount hides. */
export function mountsOfDevices(list: string): readonly string[] {
  const places = new Map<string, string>();
  for (const line of list.split('\n')) {
    const [, , device = '0:', , place = ''] = line.split(' ');
    const bytes = place.replace(escaped, (_, octal: string) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    const path = Buffer.from(bytes, 'latin1').toString();
    // Where its name is no text it cannot be asked for.
    if (!device.startsWith('0:') && !path.includes('\uFFFD')) places.set(device, path);
  }
  return [...places.values()];
}

/** The number of a file system as people write it. */
export function uuidText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('hex');
  return text.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
