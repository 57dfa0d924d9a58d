import { expect, test } from 'vitest';
import { loadFiguresOf, loadPage, memoryGrowth } from './load-figures.ts';

const output = `${Array.from({ length: 20 }, (_, i) => `memory ${i < 15 ? 100_000 : 102_000}`).join('\n')}
probe starts 120 median 40 most 900
took 80
status 0
ended after 83
rounds 7
balance 1,000 produced = 900 delivered + 0 filtered + 100 dropped (ring_full 100) + gaps of unknown size (missed 2)
stopped level=info msg=stopped records=900
doctor Since they were loaded: 1,000 records, 3 with a text cut.
doctor Lost: ring_full 100, of which 100 accounted for by a recorder.
`;

test('figures are what the script printed', () => {
  const figures = loadFiguresOf(output);
  expect(figures).toMatchObject({ seconds: 80, drainSeconds: 3, produced: 1000, dropped: 100, taken: 1000 });
  expect(figures.starts).toEqual({ number: 120, median: 40, most: 900 });
  expect(memoryGrowth(figures, 'third')).toBeCloseTo(1.02);
  expect(memoryGrowth(figures, 'second')).toBeCloseTo(1.02);
});

test('the page tells all of them', () => {
  const page = loadPage(loadFiguresOf(output));
  expect(page).toContain('| Records | 1,000 in 80 s: 13 a second |');
  expect(page).toContain('| Memory in the last quarter | 104 MB |');
  expect(page).toContain('| Memory, last quarter to third | 1.020 |');
  expect(page).toContain('(ring_full 100) + gaps of unknown size (missed 2) |');
});

test('a line that is missing is said, with what there is', () => {
  expect(() => loadFiguresOf('status 1\n')).toThrow(/nothing is like .*\nstatus 1/s);
});
