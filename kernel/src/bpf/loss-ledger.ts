import { closeSync } from 'node:fs';
import { BpfMap } from './bpf-map.ts';
import { pinFolder } from './layout.ts';
import { checked, libbpf } from './libbpf.ts';

const arrayType = 2;
const name = 'cf_ledger';
const entryBytes = 16;

/** Losses since the programs were loaded, by the programs' own counts. */
export interface AccountedLosses {
  /** Records that found no room. */
  readonly ring_full: number;
  /** Records that were not written under load. */
  readonly shed: number;
}

/**
 * How many of the losses some recorder has accounted for already. It is pinned like the rings: whoever reads them next,
 * after whatever end of the reader before, reports what is left and nothing twice. One entry, so that it is written at
 * once or not at all.
 */
export class LossLedger {
  readonly #map: BpfMap;

  private constructor(map: BpfMap) {
    this.#map = map;
  }

  /** Makes and pins an empty one. */
  static make(): void {
    const fd = checked('bpf_map_create', name, libbpf().createMap(arrayType, name, 4, entryBytes, 1, null));
    try {
      checked('bpf_obj_pin', name, libbpf().pin(fd, `${pinFolder}/${name}`));
    } finally {
      closeSync(fd);
    }
  }

  /** Opens the pinned one. */
  static open(): LossLedger {
    return new LossLedger(BpfMap.pinned(name));
  }

  /** Losses accounted for since the programs were loaded. */
  read(): AccountedLosses {
    const value = Buffer.from(this.#map.need(0, entryBytes));
    return { ring_full: Number(value.readBigUInt64LE(0)), shed: Number(value.readBigUInt64LE(8)) };
  }

  /** Notes that all losses up to these numbers are accounted for. */
  write({ ring_full, shed }: AccountedLosses): void {
    const value = Buffer.alloc(entryBytes);
    value.writeBigUInt64LE(BigInt(ring_full), 0);
    value.writeBigUInt64LE(BigInt(shed), 8);
    this.#map.set(0, value);
  }

  close(): void {
    this.#map.close();
  }
}
