import { closeSync } from 'node:fs';
import type { BpfMap } from './bpf-map.ts';
import type { Channel } from './channel.ts';
import { checked, libbpf } from './libbpf.ts';

const arrayType = 2;
const name = 'cf_ledger';

/** Losses since the programs were loaded, by the programs' own counts. */
export interface AccountedLosses {
  /** Records that found no room. */
  readonly ring_full: number;
  /** Records that were not written under load. */
  readonly shed: number;
  /** Objects for which no state could be made. */
  readonly state_failures: number;
  /** Times that the kernel left a program out. */
  readonly missed: number;
}

/** In the order of the entry, each of 8 bytes. */
const causes = ['ring_full', 'shed', 'state_failures', 'missed'] as const;
const entryBytes = 8 * causes.length;

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
  static make({ folder }: Channel): void {
    const fd = checked('bpf_map_create', name, libbpf().createMap(arrayType, name, 4, entryBytes, 1, null));
    try {
      checked('bpf_obj_pin', name, libbpf().pin(fd, `${folder}/${name}`));
    } finally {
      closeSync(fd);
    }
  }

  /** Opens the pinned one. */
  static open(channel: Channel): LossLedger {
    return new LossLedger(channel.map(name));
  }

  /** Losses accounted for since the programs were loaded. */
  read(): AccountedLosses {
    const value = Buffer.from(this.#map.need(0, entryBytes));
    const losses = causes.map((cause, i) => [cause, Number(value.readBigUInt64LE(8 * i))]);
    return Object.fromEntries(losses) as Record<(typeof causes)[number], number>;
  }

  /** Notes that all losses up to these numbers are accounted for. */
  write(losses: AccountedLosses): void {
    const value = Buffer.alloc(entryBytes);
    for (const [i, cause] of causes.entries()) value.writeBigUInt64LE(BigInt(losses[cause]), 8 * i);
    this.#map.set(0, value);
  }

  close(): void {
    this.#map.close();
  }
}
