import { isUtf8 } from 'node:buffer';
import { readFileSync } from 'node:fs';
import type { Environment } from '@camflow/config';

/** Words and variables as the kernel has them. */
export interface GivenBytes {
  readonly words: readonly Uint8Array[];
  /** Each one `NAME=value`. */
  readonly environment: readonly Uint8Array[];
}

/**
 * A command and its environment in the bytes in which this process was given them, where some of them are not UTF-8:
 * node knows both as text, and puts a sign for what it cannot read.
 *
 * @param words - the last words that this process was given
 * @param environment - what it was given, with what is changed of it
 * @returns undefined where text does
 */
export function bytesOfCommand(
  words: readonly string[],
  environment: Environment,
  given: GivenBytes = readGivenBytes(),
): GivenBytes | undefined {
  // Node's own options and the script come first.
  const last = given.words.slice(-words.length);
  const inBytes = {
    words: words.map((word, i) => unlessChanged(word, last[i])),
    environment: environmentInBytes(environment, given.environment),
  };
  return [...inBytes.words, ...inBytes.environment].every((bytes) => isUtf8(bytes)) ? undefined : inBytes;
}

/** What this process was given, node's own words included. */
function readGivenBytes(): GivenBytes {
  return {
    words: stringsIn(readFileSync('/proc/self/cmdline')),
    environment: stringsIn(readFileSync('/proc/self/environ')),
  };
}

/** C strings, one after the other. */
function stringsIn(bytes: Buffer): Uint8Array[] {
  const strings: Uint8Array[] = [];
  for (let start = 0; start < bytes.length; ) {
    const end = bytes.indexOf(0, start);
    strings.push(bytes.subarray(start, end < 0 ? bytes.length : end));
    start = (end < 0 ? bytes.length : end) + 1;
  }
  return strings;
}

/** The variables as they were given, then those that are new; what is changed is changed. */
function environmentInBytes(environment: Environment, given: readonly Uint8Array[]): Uint8Array[] {
  const named = new Set<string>();
  const kept = given.flatMap((bytes) => {
    const end = bytes.indexOf('='.charCodeAt(0));
    const name = bytes.subarray(0, Math.max(0, end));
    // Node can not be asked for such a variable, nor for one without a name.
    if (!isUtf8(name) || name.length === 0) return [bytes];
    const key = textOf(name);
    const value = environment[key];
    if (value === undefined || named.has(key)) return [];
    named.add(key);
    return [unlessChanged(`${key}=${value}`, bytes)];
  });
  const added = Object.entries(environment).flatMap(([name, value]) =>
    value === undefined || named.has(name) ? [] : [Buffer.from(`${name}=${value}`)],
  );
  return [...kept, ...added];
}

function unlessChanged(text: string, given: Uint8Array | undefined): Uint8Array {
  return given !== undefined && textOf(given) === text ? given : Buffer.from(text);
}

function textOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString();
}
