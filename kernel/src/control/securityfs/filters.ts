import { type FilterControl, type FilterName, type Filters, filterNames, subtypeMask } from '../filters.ts';
import type { ControlFiles } from './control-files.ts';

const fileOf: Readonly<Record<FilterName, string>> = {
  node: 'node_filter',
  derived: 'derived_filter',
  generated: 'generated_filter',
  used: 'used_filter',
  informed: 'informed_filter',
  propagateNode: 'propagate_node_filter',
  propagateDerived: 'propagate_derived_filter',
  propagateGenerated: 'propagate_generated_filter',
  propagateUsed: 'propagate_used_filter',
  propagateInformed: 'propagate_informed_filter',
};

const valueBytes = 8;
const allOnes = (1n << 64n) - 1n;

/** Filters of a CamFlow kernel. */
export class SecurityfsFilters implements FilterControl {
  readonly #files: ControlFiles;

  constructor(files: ControlFiles) {
    this.#files = files;
  }

  read(): Filters {
    return Object.fromEntries(
      filterNames.map((name) => [name, this.#files.read(fileOf[name], valueBytes).readBigUInt64LE()]),
    ) as unknown as Filters;
  }

  change(name: FilterName, bits: bigint, change: 'add' | 'remove'): void {
    this.#write(name, bits, subtypeMask, change === 'add');
  }

  reset(): void {
    for (const name of filterNames) this.#write(name, allOnes, allOnes, false);
  }

  /** `struct prov_filter`: value, mask, and whether to add. */
  #write(name: FilterName, value: bigint, mask: bigint, add: boolean): void {
    const filter = Buffer.alloc(24);
    filter.writeBigUInt64LE(value, 0);
    filter.writeBigUInt64LE(mask, 8);
    filter[16] = add ? 1 : 0;
    this.#files.write(fileOf[name], filter);
  }
}
