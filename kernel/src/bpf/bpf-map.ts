import { closeSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { CamflowError } from '@camflow/api';
import { checked, libbpf } from './libbpf.ts';
import { possibleCpus } from './possible-cpus.ts';

const noEntry = -2;
/** Types of maps that have a value for each CPU. */
const perCpuTypes: ReadonlySet<number> = new Set([5, 6, 10, 21]);

/** A key: its bytes, or the number that is the key of arrays. */
export type BpfKey = number | Uint8Array;

/** A map that is open in this process. */
export class BpfMap {
  readonly name: string;
  /** Bytes that the kernel writes where it is asked for a value, whatever they are thought to be. */
  readonly #valueBytes: number;
  readonly #fd: number;

  private constructor(name: string, fd: number) {
    this.name = name;
    this.#fd = fd;
    this.#valueBytes = valueBytesOf(name, fd);
  }

  /**
   * Opens a map by the file that it is pinned as.
   * @throws CamflowError `SYSTEM_CALL_FAILED` or `PERMISSION_DENIED`
   */
  static pinned(file: string): BpfMap {
    return new BpfMap(path.basename(file), checked('bpf_obj_get', file, libbpf().getPinned(file)));
  }

  /** A number that the kernel tells of it, `max_entries` or `map_id`; undefined where it does not. */
  fact(key: string): number | undefined {
    return factOf(readFacts(this.#fd), key);
  }

  /** Its file descriptor, which stays with this object. */
  get fd(): number {
    return this.#fd;
  }

  /**
   * Reads an entry.
   * @param bytes - size of a value; per-CPU maps hold one, rounded up to 8 bytes, for every possible CPU
   * @returns undefined where there is none
   */
  get(key: BpfKey, bytes: number): Uint8Array | undefined {
    // A map of another version may have larger values than are asked for here.
    const value = new Uint8Array(Math.max(bytes, this.#valueBytes));
    const result = libbpf().lookup(this.#fd, bytesOf(key), value);
    if (result === noEntry) return undefined;
    checked('bpf_map_lookup_elem', this.name, result);
    return value.subarray(0, bytes);
  }

  /** As {@link get}. @throws CamflowError where there is no such entry */
  need(key: BpfKey, bytes: number): Uint8Array {
    const value = this.get(key, bytes);
    if (value === undefined) throw new CamflowError('INTERNAL', `map ${this.name} has no entry ${key}`);
    return value;
  }

  /** Writes an entry, new or not. */
  set(key: BpfKey, value: Uint8Array): void {
    if (value.length < this.#valueBytes) {
      throw new CamflowError('INTERNAL', `a value of map ${this.name} has ${this.#valueBytes} bytes`);
    }
    checked('bpf_map_update_elem', this.name, libbpf().update(this.#fd, bytesOf(key), value, 0n));
  }

  /** Removes an entry. @returns whether it was there */
  delete(key: BpfKey): boolean {
    const result = libbpf().remove(this.#fd, bytesOf(key));
    if (result === noEntry) return false;
    checked('bpf_map_delete_elem', this.name, result);
    return true;
  }

  /**
   * Every key of a hash map. What is added or removed meanwhile may be missed, and where the key before is removed
   * the walk starts again: keys may come twice.
   */
  *keys(bytes: number): Generator<Uint8Array> {
    let before: Uint8Array | null = null;
    for (;;) {
      const key: Uint8Array = new Uint8Array(bytes);
      const result = libbpf().nextKey(this.#fd, before, key);
      if (result === noEntry) return;
      checked('bpf_map_get_next_key', this.name, result);
      yield key;
      before = key;
    }
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function bytesOf(key: BpfKey): Uint8Array {
  if (typeof key !== 'number') return key;
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(key);
  return bytes;
}

/** Read from what the kernel says of the descriptor. */
function valueBytesOf(name: string, fd: number): number {
  const facts = readFacts(fd);
  const [type, bytes] = [factOf(facts, 'map_type'), factOf(facts, 'value_size')];
  if (type === undefined || bytes === undefined) {
    throw new CamflowError('INTERNAL', `the size of the values of map ${name} cannot be read`);
  }
  return perCpuTypes.has(type) ? Math.ceil(bytes / 8) * 8 * possibleCpus() : bytes;
}

function readFacts(fd: number): string {
  return readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
}

function factOf(facts: string, key: string): number | undefined {
  const text = new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(facts)?.[1];
  return text === undefined ? undefined : Number(text);
}
