import { closeSync } from 'node:fs';
import { BpfMap } from './bpf-map.ts';
import { pinFolder } from './layout.ts';
import { checked, libbpf } from './libbpf.ts';

const arrayType = 2;
const name = 'cf_ledger';
const entryBytes = 8;

/**
 * How many of the records that found no room some recorder has accounted for already. It is pinned like the rings:
 * whoever reads them next, after whatever end of the reader before, reports what is left and nothing twice. One
 * number, so that it is written at once or not at all.
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
  read(): number {
    return Number(Buffer.from(this.#map.need(0, entryBytes)).readBigUInt64LE());
  }

  /** Notes that all losses up to this number are accounted for. */
  write(records: number): void {
    const value = Buffer.alloc(entryBytes);
    value.writeBigUInt64LE(BigInt(records));
    this.#map.set(0, value);
  }

  close(): void {
    this.#map.close();
  }
}
