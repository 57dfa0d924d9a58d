import { expect, test } from 'vitest';
import type { Boot } from './boot.ts';
import { meansOfBoots, type Series, stallLine, stateTable } from './cost-table.ts';
import { type State, states } from './states.ts';

function costs(factor: number, stall = 0): Map<string, number> {
  return new Map([
    ['open_close', 100 * factor],
    ['read1', 10 * factor],
    ['serve', 1000 * factor + stall],
    ['serve_greet', 1000 * factor],
  ]);
}

/** A boot on a host of some speed, in which the state costs so many times as much. */
function boot(factor: number, { host = 1, stall = 0 } = {}): Boot {
  return { bare: costs(host), costs: costs(host * factor, stall), readerSeconds: 1, taken: 5, lost: 0 };
}

function series(changed: Partial<Record<State, Boot[]>> = {}): Series {
  return new Map(states.map((state) => [state, changed[state] ?? [boot(1), boot(1), boot(1)]]));
}

test('beside the cost of a state stand the least and the most of its boots, each against itself', () => {
  const costly = series({ recorder: [boot(2), boot(3, { host: 1.5 }), boot(2.2, { host: 0.8 })] });
  expect(meansOfBoots(costly, 'recorder').map((mean) => mean.toFixed(2))).toEqual(['2.00', '3.00', '2.20']);
  expect(stateTable(costly)).toContain('| 2.20 (2.00 to 3.00) | at most 3.00 | 15 | 0 | 3.0 |');
});

test('a stall is what every boot has, and more than any of the bare kernel', () => {
  expect(stallLine(series())).toContain('There is no stall beyond the spread.');
  const once = series({ reader: [boot(1), boot(1, { stall: 500 }), boot(1)] });
  expect(stallLine(once)).toContain('There is no stall beyond the spread.');
  const always = series({
    reader: [boot(1, { stall: 500 }), boot(1, { stall: 500 }), boot(1, { stall: 600 })],
  });
  expect(stallLine(always)).toContain('There is a stall beyond the spread: reader.');
  expect(stallLine(always)).toContain('reader 1.50 (1.50 to 1.60)');
});
