import { closeSync, existsSync } from 'node:fs';
import type { BpfMap } from './bpf-map.ts';
import type { Channel } from './channel.ts';
import { checked, libbpf } from './libbpf.ts';

const arrayType = 2;
const name = 'cf_disclosures';
const entryBytes = 8;

/** The entries: each is written at once or not at all, and by itself. */
const entries = { taken: 0, accounted: 1 } as const;

/**
 * How many records programs have disclosed since the BPF programs were loaded, and how many of these every output has, or
 * were told as lost. They live in the memory of the recorder alone, so what is between the two numbers when a recorder
 * begins was lost with the one before. Pinned like the rings; a machine that goes down takes both along.
 */
export interface DisclosureLedger {
  readonly taken: number;
  readonly accounted: number;
  /** Records were taken from programs. On record when this returns. */
  take(records: number): void;
  /** Every output has them, or they were told as lost. */
  account(records: number): void;
}

/** The ledger that is pinned; made where there is none. */
export class PinnedDisclosureLedger implements DisclosureLedger {
  readonly #map: BpfMap;
  #taken: number;
  #accounted: number;

  private constructor(map: BpfMap) {
    this.#map = map;
    this.#taken = this.#read(entries.taken);
    this.#accounted = this.#read(entries.accounted);
  }

  /** One recorder at a time. */
  static open(channel: Channel): PinnedDisclosureLedger {
    const path = `${channel.folder}/${name}`;
    if (!existsSync(path)) make(path);
    return new PinnedDisclosureLedger(channel.map(name));
  }

  get taken(): number {
    return this.#taken;
  }

  get accounted(): number {
    return this.#accounted;
  }

  take(records: number): void {
    this.#taken += records;
    this.#write(entries.taken, this.#taken);
  }

  account(records: number): void {
    this.#accounted += records;
    this.#write(entries.accounted, this.#accounted);
  }

  close(): void {
    this.#map.close();
  }

  #read(entry: number): number {
    return Number(Buffer.from(this.#map.need(entry, entryBytes)).readBigUInt64LE());
  }

  #write(entry: number, count: number): void {
    const value = Buffer.alloc(entryBytes);
    value.writeBigUInt64LE(BigInt(count));
    this.#map.set(entry, value);
  }
}

function make(path: string): void {
  const { createMap, pin } = libbpf();
  const size = Object.keys(entries).length;
  const fd = checked('bpf_map_create', name, createMap(arrayType, name, 4, entryBytes, size, null));
  try {
    checked('bpf_obj_pin', name, pin(fd, path));
  } finally {
    closeSync(fd);
  }
}
