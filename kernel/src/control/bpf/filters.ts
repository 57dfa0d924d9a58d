import type { TypeSet } from '../../bpf/capture-settings.ts';
import type { Channel } from '../../bpf/channel.ts';
import { useSettings } from '../../bpf/use-settings.ts';
import { type FilterControl, type FilterName, type Filters, filterNames, subtypeMask } from '../filters.ts';

const setOf: Readonly<Record<FilterName, TypeSet>> = {
  node: { purpose: 'record', of: 'node' },
  derived: { purpose: 'record', of: 'derived' },
  generated: { purpose: 'record', of: 'generated' },
  used: { purpose: 'record', of: 'used' },
  informed: { purpose: 'record', of: 'informed' },
  propagateNode: { purpose: 'propagate', of: 'node' },
  propagateDerived: { purpose: 'propagate', of: 'derived' },
  propagateGenerated: { purpose: 'propagate', of: 'generated' },
  propagateUsed: { purpose: 'propagate', of: 'used' },
  propagateInformed: { purpose: 'propagate', of: 'informed' },
};

/** Filters of the BPF programs. */
export class BpfFilters implements FilterControl {
  readonly #channel: Channel;

  constructor(channel: Channel) {
    this.#channel = channel;
  }

  read(): Filters {
    return useSettings(
      this.#channel,
      (settings) =>
        Object.fromEntries(
          filterNames.map((name) => [name, settings.types(setOf[name]) & subtypeMask]),
        ) as unknown as Filters,
    );
  }

  change(name: FilterName, bits: bigint, change: 'add' | 'remove'): void {
    useSettings(this.#channel, (settings) =>
      settings.changeTypes(setOf[name], { [change]: bits & subtypeMask }),
    );
  }

  reset(): void {
    for (const name of filterNames) this.change(name, subtypeMask, 'remove');
  }
}
