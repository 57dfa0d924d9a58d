import { abiBpf1, CamflowError, frameSequence } from '@camflow/api';
import { systemCallError } from '../libc/system-call-error.ts';
import type { BpfMap } from './bpf-map.ts';
import { libbpf } from './libbpf.ts';

const pageBytes = 4096;
const [protectRead, protectWrite, mapShared] = [1, 2, 1];
const busyBit = 0x8000_0000 | 0;
const discardBit = 0x4000_0000;
const sampleHeaderBytes = 8;

/** What {@link Ring.read} put into a slab. */
export interface RingRead {
  readonly byteLength: number;
  readonly records: number;
  /** Number of the first record; -1 where there is none. */
  readonly firstSequence: number;
  /** Samples that were no framed records. */
  readonly malformed: number;
  /** Where the reader stands afterwards: give it to {@link Ring.release}. */
  readonly end: bigint;
}

/**
 * The memory of one BPF ring buffer. The kernel writes at the producer position; what lies before the consumer
 * position is free for it. Reading copies and moves on in this process only: the kernel gets the room, and a later
 * process stops seeing the samples, with `release`.
 */
export class Ring {
  readonly cpu: number;
  readonly #mask: number;
  readonly #mappings: readonly (readonly [address: bigint, bytes: number])[];
  readonly #consumer: BigInt64Array;
  readonly #producer: BigInt64Array;
  readonly #words: Int32Array;
  readonly #data: Uint8Array;
  #at: bigint;

  constructor(map: BpfMap, cpu: number) {
    const bytes = ringBytes(map);
    const { view } = libbpf();
    const consumer = mapMemory(map, pageBytes, protectRead | protectWrite, 0);
    const rest = mapMemory(map, pageBytes + 2 * bytes, protectRead, pageBytes);
    this.#mappings = [
      [consumer, pageBytes],
      [rest, pageBytes + 2 * bytes],
    ];
    this.cpu = cpu;
    this.#mask = bytes - 1;
    this.#consumer = new BigInt64Array(view(consumer, 8));
    const shared = view(rest, pageBytes + 2 * bytes);
    this.#producer = new BigInt64Array(shared, 0, 1);
    // The kernel maps the data twice in a row: what wraps around is in one piece.
    this.#words = new Int32Array(shared, pageBytes);
    this.#data = new Uint8Array(shared, pageBytes);
    this.#at = Atomics.load(this.#consumer, 0);
  }

  /** Where the kernel writes next. */
  get end(): bigint {
    return Atomics.load(this.#producer, 0);
  }

  /** Where this process reads next. */
  get position(): bigint {
    return this.#at;
  }

  /** Whether everything was read, and everything that was read released. */
  get isDrained(): boolean {
    return this.#at === this.end && Atomics.load(this.#consumer, 0) === this.#at;
  }

  /**
   * Copies samples one after another, up to a position, until the slab is full or a sample is still being written.
   * @param until - as {@link end} gave it
   */
  read(slab: Uint8Array, until: bigint): RingRead {
    const { leastBytes, mostBytes } = abiBpf1.framing;
    let byteLength = 0;
    let records = 0;
    let malformed = 0;
    while (this.#at < until) {
      const place = Number(this.#at & BigInt(this.#mask));
      const header = Atomics.load(this.#words, place >>> 2);
      if ((header & busyBit) !== 0) break;
      const length = header & ~(busyBit | discardBit);
      if ((header & discardBit) === 0) {
        const start = place + sampleHeaderBytes;
        const size = this.#words[start >>> 2]! >>> 0;
        if (size < leastBytes || size > mostBytes || size > length || (size & 7) !== 0) malformed++;
        else {
          if (byteLength + size > slab.length) break;
          slab.set(this.#data.subarray(start, start + size), byteLength);
          byteLength += size;
          records++;
        }
      }
      this.#at += BigInt((length + sampleHeaderBytes + 7) & ~7);
    }
    const firstSequence = records > 0 ? frameSequence(slab, 0) : -1;
    return { byteLength, records, firstSequence, malformed, end: this.#at };
  }

  /** Lets the kernel have the room before a position. */
  release(position: bigint): void {
    Atomics.store(this.#consumer, 0, position);
  }

  /** Gives the memory back; the ring must not be used afterwards. */
  close(): void {
    for (const [address, bytes] of this.#mappings) libbpf().unmap(address, bytes);
  }
}

/** The size that a ring was made with, a power of two: a process that finds it pinned learns it here. */
export function ringBytes(map: BpfMap): number {
  const size = map.fact('max_entries');
  if (size !== undefined && size >= pageBytes) return size;
  throw new CamflowError('INTERNAL', `the size of ring ${map.name} cannot be read`);
}

function mapMemory(map: BpfMap, bytes: number, protection: number, offset: number): bigint {
  const address = libbpf().map(null, bytes, protection, mapShared, map.fd, offset);
  if (address === null || BigInt.asIntN(64, address) === -1n) {
    throw systemCallError('mmap', map.name, -libbpf().errno());
  }
  return address;
}
