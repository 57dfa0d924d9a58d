import { closeSync, readFileSync } from 'node:fs';
import { CamflowError } from '@camflow/api';
import { pinFolder } from './layout.ts';
import { checked, libbpf } from './libbpf.ts';
import { possibleCpus } from './possible-cpus.ts';

const noEntry = -2;
/** Types of maps that have a value for each CPU. */
const perCpuTypes: ReadonlySet<number> = new Set([5, 6, 10, 21]);

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
   * Opens a map by its name in the pin folder.
   * @throws CamflowError `SYSTEM_CALL_FAILED` or `PERMISSION_DENIED`
   */
  static pinned(name: string): BpfMap {
    const path = `${pinFolder}/${name}`;
    return new BpfMap(name, checked('bpf_obj_get', path, libbpf().getPinned(path)));
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
  get(key: number, bytes: number): Uint8Array | undefined {
    // A map of another version may have larger values than are asked for here.
    const value = new Uint8Array(Math.max(bytes, this.#valueBytes));
    const result = libbpf().lookup(this.#fd, keyOf(key), value);
    if (result === noEntry) return undefined;
    checked('bpf_map_lookup_elem', this.name, result);
    return value.subarray(0, bytes);
  }

  /** As {@link get}. @throws CamflowError where there is no such entry */
  need(key: number, bytes: number): Uint8Array {
    const value = this.get(key, bytes);
    if (value === undefined) throw new CamflowError('INTERNAL', `map ${this.name} has no entry ${key}`);
    return value;
  }

  /** Writes an entry, new or not. */
  set(key: number, value: Uint8Array): void {
    if (value.length < this.#valueBytes) {
      throw new CamflowError('INTERNAL', `a value of map ${this.name} has ${this.#valueBytes} bytes`);
    }
    checked('bpf_map_update_elem', this.name, libbpf().update(this.#fd, keyOf(key), value, 0n));
  }

  /** Removes an entry if it is there. */
  delete(key: number): void {
    const result = libbpf().remove(this.#fd, keyOf(key));
    if (result !== noEntry) checked('bpf_map_delete_elem', this.name, result);
  }

  close(): void {
    closeSync(this.#fd);
  }
}

function keyOf(key: number): Uint8Array {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(key);
  return bytes;
}

/** Read from what the kernel says of the descriptor. */
function valueBytesOf(name: string, fd: number): number {
  const facts = readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8');
  const fact = (key: string): number => Number(new RegExp(`^${key}:\\s*(\\d+)$`, 'm').exec(facts)?.[1]);
  const [type, bytes] = [fact('map_type'), fact('value_size')];
  if (!Number.isInteger(type) || !Number.isInteger(bytes)) {
    throw new CamflowError('INTERNAL', `the size of the values of map ${name} cannot be read`);
  }
  return perCpuTypes.has(type) ? Math.ceil(bytes / 8) * 8 * possibleCpus() : bytes;
}
