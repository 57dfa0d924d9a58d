import { type RecordType, recordTypes } from '@camflow/api';

/** Classes of types that have a filter of their own; agents and the two other relation classes have none. */
const filteredClasses = ['derived', 'generated', 'used', 'informed'] as const;

/**
 * The ten filters: types of nodes and of four classes of relations that are not recorded, and those to which, or
 * through which, tracking does not spread.
 */
export const filterNames = [
  'node',
  'derived',
  'generated',
  'used',
  'informed',
  'propagateNode',
  'propagateDerived',
  'propagateGenerated',
  'propagateUsed',
  'propagateInformed',
] as const;

/** One of {@link filterNames}. */
export type FilterName = (typeof filterNames)[number];

/** Every filter: bits 0 to 47 of the type codes that are in it. */
export type Filters = Readonly<Record<FilterName, bigint>>;

/** No type is in any filter. */
export const emptyFilters: Filters = Object.fromEntries(
  filterNames.map((name) => [name, 0n]),
) as unknown as Filters;

/** The bits of a type code that tell types of one class apart; filters are made of them. */
export const subtypeMask: bigint = (1n << 48n) - 1n;

/** The filters of a kernel. */
export interface FilterControl {
  /** How they stand now. */
  read(): Filters;
  /**
   * Adds types to a filter, or takes them out.
   * @param bits - subtype bits, see {@link filterBits}
   */
  change(name: FilterName, bits: bigint, change: 'add' | 'remove'): void;
  /** Empties all ten. */
  reset(): void;
}

/**
 * The filter that a type belongs into.
 * @param propagate - whether spreading is meant, and not recording
 * @returns undefined for relations of a class that has no filter
 */
export function filterOf(type: RecordType, propagate: boolean): FilterName | undefined {
  if (type.category === 'node') return propagate ? 'propagateNode' : 'node';
  const found = filteredClasses.find((name) => name === type.class);
  if (found === undefined || !propagate) return found;
  return `propagate${capital(found)}`;
}

/** The bits of a type in its filter. */
export function filterBits(type: RecordType): bigint {
  return type.code & subtypeMask;
}

/** The types in a filter by name, in the order of their bits; `bit N` for one that the model does not know. */
export function namesInFilter(name: FilterName, bits: bigint): string[] {
  const propagate = name.startsWith('propagate');
  const names: string[] = [];
  for (let bit = 0n; bit < 48n; bit++) {
    if ((bits & (1n << bit)) === 0n) continue;
    const isIt = (type: RecordType): boolean =>
      filterOf(type, propagate) === name && filterBits(type) === 1n << bit;
    names.push(recordTypes.find(isIt)?.name ?? `bit ${bit}`);
  }
  return names;
}

function capital<Word extends string>(word: Word): Capitalize<Word> {
  return (word[0]!.toUpperCase() + word.slice(1)) as Capitalize<Word>;
}
