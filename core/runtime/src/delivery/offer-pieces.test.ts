import { expect, test } from 'vitest';
import type { Offer } from './delivery-queue.ts';
import { piecesOf } from './offer-pieces.ts';

test('pieces share the memory of what they are cut from, and its end', () => {
  const calls: string[] = [];
  const source = {
    numbering: 'n',
    stream: { cpu: 0, kind: 'short' },
    firstSequence: 7,
    firstUnit: 0,
  } as const;
  const count = 5;
  const ends = Uint32Array.from({ length: count }, (_, i) => (i + 1) * 3000);
  const units = { source, bytes: Buffer.alloc(15_000), ends, records: new Uint32Array(count).fill(2), count };
  const accounts = { span: 12, last: true, filtered: 1, dropped: { malformed: 1 }, records: 10 };
  const offer: Offer = {
    parcel: { ...source, ...accounts, capturedAtMs: 1, units },
    memoryBytes: 100_001,
    release: () => calls.push('release'),
    moved: (to) => calls.push(JSON.stringify(to)),
    settled: () => calls.push('settled'),
  };
  expect(piecesOf(offer, 64 << 10)).toEqual([offer]);
  const pieces = piecesOf(offer, 8192);
  expect(pieces.map(({ parcel }) => [parcel.units.count, parcel.records, parcel.last])).toEqual([
    [2, 4, false],
    [2, 4, false],
    [1, 2, true],
  ]);
  expect(pieces.map(({ memoryBytes }) => memoryBytes)).toEqual([40_000, 40_000, 20_001]);
  // The memory may be let go from the end, the units are settled from the beginning.
  for (const piece of [...pieces].reverse()) piece.release();
  expect(calls).toEqual(['release']);
  for (const piece of pieces) {
    piece.moved('taken');
    piece.settled();
  }
  expect(calls).toEqual(['release', '"taken"', 'settled']);
});
