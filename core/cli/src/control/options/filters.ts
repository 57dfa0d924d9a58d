import { filterBits, filterOf } from '@camflow/kernel';
import { type ControlOption, done, option } from '../control-option.ts';
import { boolean, typeName } from '../parameters.ts';

function filterOption(flag: string, category: 'node' | 'relation', propagate: boolean): ControlOption {
  const what = category === 'node' ? 'node' : 'edge';
  const summary = propagate ? `set propagate ${what} filter.` : `set ${what} filter.`;
  const type = typeName(category, propagate);
  return option('Filters', flag, summary, [type, boolean], ({ control }, given, on) => {
    // Every type that can be named has a filter.
    const filter = filterOf(given, propagate)!;
    control.filters.change(filter, filterBits(given), on ? 'add' : 'remove');
    return done(flag, { filter, type: given.name, filtered: on });
  });
}

/** Options about types. */
export const filterOptions: readonly ControlOption[] = [
  filterOption('--node-filter', 'node', false),
  filterOption('--edge-filter', 'relation', false),
  filterOption('--node-propagate-filter', 'node', true),
  filterOption('--edge-propagate-filter', 'relation', true),
  option('Filters', '--reset-filter', 'reset filters.', [], ({ control }) => {
    control.filters.reset();
    return done('--reset-filter', {});
  }),
];
